import { newRecoveryCodes, recoveryCodeHash } from '../domain/recovery-code.ts'
import type { Work } from '../repositories/index.ts'

/** New recovery codes in the place of all earlier ones; this is the only time that anybody sees them. */
export async function giveRecoveryCodes(work: Work, userId: string): Promise<string[]> {
  const codes = newRecoveryCodes()
  await work.recoveryCodes.replace(userId, codes.map(recoveryCodeHash))
  return codes
}
