import { type AdminUser, auth, normaliseEmail } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Cli } from './cli.ts'
import { collect } from './collect.ts'

const SEARCH_LIMIT = 1000

/** The id of an account that is named by its id or its e-mail address. */
export async function findUserId(call: Cli['call'], name: string): Promise<string> {
  if (!name.includes('@')) return name
  const email = normaliseEmail(name)
  const { items } = await collect(call, auth.listUsers, { q: email }, SEARCH_LIMIT)
  const user = items.find((item: AdminUser) => item.email === email)
  if (!user) throw new AppError('USER_NOT_FOUND', { detail: `No account has the address ${email}` })
  return user.id
}
