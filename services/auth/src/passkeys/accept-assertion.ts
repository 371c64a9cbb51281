import type { Assertion } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { PasskeyRow } from '../db/schema.ts'
import type { Work } from '../repositories/index.ts'
import { type Verification, verifyAssertion } from './assertion.ts'

/** Is this proof by that passkey? The account must be locked. A proof is good once, because its counter or challenge is. */
export async function acceptAssertion(
  { relyingParty, now }: Context,
  work: Work,
  passkey: PasskeyRow,
  proof: { response: Assertion; challenge: string; verification: Verification },
): Promise<boolean> {
  const { response, challenge, verification } = proof
  const signCount = await verifyAssertion(relyingParty, response, challenge, verification, passkey)
  return signCount !== null && (await work.passkeys.recordUse(passkey.id, signCount, now()))
}
