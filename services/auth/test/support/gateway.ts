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

/** Calls auth as the gateway does: over the broker, as the broker's user `gateway`. */
export async function connectGateway(world: TestEnvironment): Promise<Gateway> {
  const bus = await connectBus({
    url: world.amqpUrl('gateway'),
    service: 'gateway',
    logger: pino({ level: 'silent' }),
    // Tests provoke failures on purpose.
    breaker: { failures: 1000, resetMs: 1000 },
  })
  world.use(bus, 'bus', (it) => it.drain())
  const call: Gateway['call'] = (method, input, actor = { kind: 'anonymous' }, timeoutMs = 20_000) =>
    bus.call(method, input, { actor, requestId: randomUUID(), client: CLIENT, timeoutMs })
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

/** The actor that the gateway derives from the access token. */
export function actorOf(signedIn: SignedIn): SessionActor {
  const { sub, sid, role } = jwt.decode(signedIn.accessToken) as {
    sub: string
    sid: string
    role: SessionActor['role']
  }
  return { kind: 'user', userId: sub, sessionId: sid, role }
}
