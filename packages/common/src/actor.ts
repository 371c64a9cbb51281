import type { Actor, ServiceName } from './contract.ts'
import { AppError } from './errors.ts'

/** For methods that services call on their own behalf: throws `FORBIDDEN` for all other actors. */
export function serviceOnly(actor: Actor, ...names: ServiceName[]): void {
  if (actor.kind !== 'service' || !names.some((name) => name === actor.name)) throw new AppError('FORBIDDEN')
}

/**
 * For methods of administrators (by their access token) and the operator's command line. Throws `UNAUTHENTICATED` or
 * `FORBIDDEN`.
 */
export function administratorOnly(actor: Actor): void {
  if (actor.kind === 'anonymous') throw new AppError('UNAUTHENTICATED')
  if (actor.kind === 'service') serviceOnly(actor, 'operator')
  else if (actor.role !== 'admin') throw new AppError('FORBIDDEN')
}
