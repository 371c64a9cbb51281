import type { Actor, ServiceName } from './contract.ts'
import { AppError } from './errors.ts'

/** For methods that services call on their own behalf: throws `FORBIDDEN` for everybody but the ones named. */
export function serviceOnly(actor: Actor, ...names: ServiceName[]): void {
  if (actor.kind !== 'service' || !names.some((name) => name === actor.name)) throw new AppError('FORBIDDEN')
}

/** For methods that run the installation: administrators, by what their access token says, and the operator's command line. */
export function administratorOnly(actor: Actor): void {
  if (actor.kind === 'anonymous') throw new AppError('UNAUTHENTICATED')
  if (actor.kind === 'service') serviceOnly(actor, 'operator')
  else if (actor.role !== 'admin') throw new AppError('FORBIDDEN')
}
