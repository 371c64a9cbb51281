import { randomUUID } from 'node:crypto'
import { type Bus, connectBus } from '@kinora/common/bus'
import type { Actor, Input, Method, Output, SessionActor } from '@kinora/common/contract'
import { auth, SignedIn } from '@kinora/common/contracts'
import type { TestEnvironment } from '@kinora/dev/harness'
import jwt from 'jsonwebtoken'
import { pino } from 'pino'

export const CLIENT = { ip: '203.0.113.7', userAgent: 'Firefox on a test' }
export const PASSWORD = 'a quiet harbour at dawn'

/** The actor of calls on the gateway's own behalf. */
export const GATEWAY: Actor = { kind: 'service', name: 'gateway' }
/** The actor of the operator's command line. */
export const OPERATOR: Actor = { kind: 'service', name: 'operator' }

export type Account = { email: string; signedIn: SignedIn; actor: SessionActor }

export interface Gateway {
  bus: Bus
  call<M extends Method>(method: M, input: Input<M>, actor?: Actor, timeoutMs?: number): Promise<Output<M>>
  /** Creates an account with `PASSWORD` and signs in. */
  signUp(email?: string): Promise<Account>
  signIn(email: string): Promise<Account>
  /** Creates an administrator with `PASSWORD` and signs in. */
  signUpAdmin(): Promise<Account>
}

/** Calls auth over the broker: as the gateway for everybody, and as the command line for `OPERATOR`. */
export async function connectGateway(world: TestEnvironment): Promise<Gateway> {
  const bus = await connectAs(world, 'gateway')
  const operator = await connectAs(world, 'operator')
  const call: Gateway['call'] = (method, input, actor = { kind: 'anonymous' }, timeoutMs = 20_000) => {
    const from = actor.kind === 'service' && actor.name === 'operator' ? operator : bus
    return from.call(method, input, { actor, requestId: randomUUID(), client: CLIENT, timeoutMs })
  }
  const signIn: Gateway['signIn'] = async (email) => {
    const signedIn = await call(auth.login, { email, password: PASSWORD })
    if ('mfaRequired' in signedIn) throw new Error('this account asks for a second factor')
    return { email, signedIn, actor: actorOf(signedIn) }
  }
  return {
    bus,
    call,
    async signUp(email = `${randomUUID()}@kinora.test`) {
      const signedIn = SignedIn.parse(await call(auth.register, { email, password: PASSWORD }))
      return { email, signedIn, actor: actorOf(signedIn) }
    },
    signIn,
    async signUpAdmin() {
      const email = `${randomUUID()}@kinora.test`
      await call(auth.createAdmin, { email, password: PASSWORD }, OPERATOR)
      return await signIn(email)
    },
  }
}

async function connectAs(world: TestEnvironment, service: 'gateway' | 'operator'): Promise<Bus> {
  const bus = await connectBus({
    url: world.amqpUrl(service),
    service,
    logger: pino({ level: 'silent' }),
    // Tests provoke failures on purpose.
    breaker: { failures: 1000, resetMs: 1000 },
  })
  return world.use(bus, `${service} bus`, (it) => it.drain())
}

/** The actor that the gateway derives from the access token. */
export function actorOf(signedIn: SignedIn): SessionActor {
  const { sub, sid, role } = jwt.decode(signedIn.accessToken) as {
    sub: string
    sid: string
    role: SessionActor['role']
  }
  return { kind: 'user', userId: sub, sessionId: sid, role }
}
