import type { z } from 'zod'
import { AppError, type ErrorCode } from './errors.ts'

/** Everyone who logs in to the broker; `operator` is the command line. */
export type ServiceName = 'gateway' | 'auth' | 'media' | 'worker' | 'operator'

/** Input, output and errors of a method; schemas describe JSON values, so that they can be written as OpenAPI 3.1. */
export interface MethodSpec {
  summary: string
  /** What the summary leaves out, for readers of the API reference. */
  description?: string
  input: z.ZodType
  output: z.ZodType
  errors: readonly ErrorCode[]
  /** A caller may repeat the call when it does not know whether the first one ran. */
  idempotent: boolean
  /** Broker users that may call it; the service refuses all others. Default: the gateway. */
  callers?: readonly ServiceName[]
}

export interface Method<S extends MethodSpec = MethodSpec> {
  readonly service: string
  readonly name: string
  readonly summary: string
  readonly description?: string
  readonly input: S['input']
  readonly output: S['output']
  readonly errors: readonly ErrorCode[]
  readonly idempotent: boolean
  readonly callers: readonly ServiceName[]
}

export type Contract = Record<string, Method>

/** Declares a service's methods. Handlers, callers, HTTP routes and OpenAPI all refer to these values. */
export function defineContract<const S extends Record<string, MethodSpec>>(
  service: string,
  specs: S,
): { readonly [K in keyof S]: Method<S[K]> } {
  const methods = Object.entries(specs).map(([name, spec]) => {
    return [name, Object.freeze({ service, name, callers: ['gateway'], ...spec })]
  })
  return Object.freeze(Object.fromEntries(methods))
}

export type Input<M extends Method> = z.input<M['input']>
export type Output<M extends Method> = z.output<M['output']>

/** What an account may do beside its own things: `support` sees videos of others, `admin` manages everything. */
export type AccountRole = 'user' | 'support' | 'admin'

export type ProjectRole = 'viewer' | 'editor' | 'admin' | 'owner'

/** A user who has signed in. */
export interface SessionActor {
  kind: 'user'
  userId: string
  sessionId: string
  apiKeyId?: never
  role: AccountRole
  /** The user's role in each project but the personal one, by the project's id; absent without one. */
  projects?: Readonly<Record<string, ProjectRole>>
}

/**
 * A program that acts for an account with an API key; `admin` only when both the key has that scope and the account
 * that role, otherwise `user`.
 */
export interface ApiKeyActor {
  kind: 'user'
  userId: string
  sessionId?: never
  apiKeyId: string
  role: AccountRole
  /** The project of the key, and the role of its account there. */
  project: { id: string; role: ProjectRole }
}

/** A visitor who uploads by an upload link. Has no role in the project: every method but those of uploads refuses it. */
export interface UploadLinkActor {
  kind: 'upload-link'
  linkId: string
  /** The account that created the link. */
  ownerId: string
  /** The project of the link, which gets the videos. */
  projectId: string
}

/** The caller of a method, verified by the gateway and trusted by the services. */
export type Actor =
  | { kind: 'anonymous' }
  | SessionActor
  | ApiKeyActor
  | UploadLinkActor
  | { kind: 'service'; name: string }

/** How a refresh token is transported: in bodies, or in a cookie that scripts cannot read. */
export type SessionTransport = 'body' | 'cookie'

/** The end user's IP address and user agent, for audit rows. */
export interface Client {
  ip: string
  userAgent: string
  /** The transport of refresh tokens in this request and its answer; by default `body`. */
  transport?: SessionTransport
}

/** Sent with the input of every call. */
export interface Call {
  actor: Actor
  requestId: string
  /** Absent on calls that no user caused. */
  client?: Client
  /** Milliseconds left for the answer; it decreases with each hop. */
  timeoutMs: number
  /** Aborts when the deadline has passed. */
  signal?: AbortSignal
}

/** Throws `TIMEOUT` when the caller has stopped waiting: what is not done yet must not be done any more. */
export function assertInTime({ timeoutMs }: Pick<Call, 'timeoutMs'>): void {
  if (timeoutMs === 0) throw new AppError('TIMEOUT')
}

/** A handler gets parsed input and may throw any `AppError` that its contract lists. */
export type Handler<M extends Method> = (input: z.output<M['input']>, call: Call) => Promise<z.input<M['output']>>

/** All handlers of a contract: a missing or mistyped one does not compile. */
export type Handlers<C extends Contract> = { [K in keyof C]: Handler<C[K]> }

export interface EventSpec {
  summary: string
  data: z.ZodType
  version: number
  /** The only service that may publish it; every receiver drops it from anyone else. */
  publisher: ServiceName
  /** Services whose durable queue (`events.<service>`) receives it. */
  subscribers: readonly ServiceName[]
  /** Services whose running processes each receive it, at most once. */
  listeners: readonly ServiceName[]
}

/** A type of event, named in the past tense; `type` is its routing key. Schemas may only be extended. */
export interface EventType<S extends EventSpec = EventSpec> {
  readonly type: string
  readonly version: number
  readonly summary: string
  readonly data: S['data']
  readonly publisher: ServiceName
  readonly subscribers: readonly ServiceName[]
  readonly listeners: readonly ServiceName[]
}

export function defineEvents<const S extends Record<string, EventSpec>>(
  specs: S,
): { readonly [K in keyof S]: EventType<S[K]> } {
  const events = Object.entries(specs).map(([type, spec]) => [type, Object.freeze({ type, ...spec })])
  return Object.freeze(Object.fromEntries(events))
}

export type EventData<E extends EventType> = z.output<E['data']>

/** An event as it is sent, and stored in an outbox. */
export interface EventEnvelope<E extends EventType = EventType> {
  id: string
  type: E['type']
  version: number
  occurredAt: string
  aggregateId: string
  /** Increases with each event of an aggregate; a consumer that has seen a higher number may drop a lower one. */
  sequence: number
  data: EventData<E>
  traceparent?: string
}

/** For methods that services call on their own behalf: throws `FORBIDDEN` for all other actors. */
export function serviceOnly(actor: Actor, ...names: ServiceName[]): void {
  if (actor.kind !== 'service' || !names.some((name) => name === actor.name)) throw new AppError('FORBIDDEN')
}

/**
 * For methods of administrators (by their access token) and the operator's command line. Throws `UNAUTHENTICATED` or
 * `FORBIDDEN`.
 */
export function administratorOnly(actor: Actor): void {
  if (actor.kind === 'anonymous' || actor.kind === 'upload-link') throw new AppError('UNAUTHENTICATED')
  if (actor.kind === 'service') serviceOnly(actor, 'operator')
  else if (actor.role !== 'admin') throw new AppError('FORBIDDEN')
}

/** The same for methods that the role `support` may use as well. */
export function supportOnly(actor: Actor): void {
  if (actor.kind !== 'user' || actor.role !== 'support') administratorOnly(actor)
}
