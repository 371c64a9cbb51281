import { randomUUID } from 'node:crypto'
import { type Bus, connectBus } from '@kinora/common/bus'
import type { EventEnvelope, EventType, Input, Method, Output } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import { createLogger, loadConfig } from '@kinora/common/service'
import { z } from 'zod'
import { UsageError } from './terminal.ts'

/** A bus waits for its broker without a limit; a command must not. */
const CONNECT_MS = 10_000
const ANSWER_MS = 15_000

const config = z.object({ AMQP_URL: z.url({ protocol: /^amqps?$/ }) })

/** Calls the services as the broker user `operator`; the services require no other proof of identity. */
export interface Operator {
  call<M extends Method>(method: M, input: Input<M>): Promise<Output<M>>
  /** Subscribes to an event from now on; `onGap` is called after a lost connection, when events may be missing. */
  listen<E extends EventType>(event: E, handle: (envelope: EventEnvelope<E>) => void, onGap: () => void): Promise<void>
  close(): Promise<void>
}

/** Throws `NOT_SENT` when AMQP_URL is missing, or the broker does not answer within 10 s or refuses the credentials. */
export async function connectOperator(env: NodeJS.ProcessEnv): Promise<Operator> {
  const bus = await connect(addressIn(env))
  return {
    async call(method, input) {
      assertInput(method, input)
      return await bus.call(method, input, {
        actor: { kind: 'service', name: 'operator' },
        requestId: randomUUID(),
        timeoutMs: ANSWER_MS,
      })
    },
    listen: (event, handle, onGap) => bus.listen([event], (envelope) => handle(envelope as never), onGap),
    close: () => bus.drain(),
  }
}

function addressIn(env: NodeJS.ProcessEnv): string {
  if (!env.AMQP_URL && !env.AMQP_URL_FILE) {
    throw new AppError('NOT_SENT', {
      detail: 'Kinora is not running from this checkout (npm start), and AMQP_URL is not set',
    })
  }
  return loadConfig(config, env).AMQP_URL
}

async function connect(url: string): Promise<Bus> {
  try {
    const signal = AbortSignal.timeout(CONNECT_MS)
    return await connectBus({ url, service: 'operator', logger: createLogger('operator', 'silent'), signal })
  } catch (error) {
    const { name, message } = error as Error
    const late = name === 'TimeoutError' || name === 'AbortError'
    const { host } = new URL(url)
    const detail = late ? `RabbitMQ does not answer at ${host}` : message
    throw new AppError('NOT_SENT', { detail, cause: error })
  }
}

/** Throws `UsageError` for input that the service would refuse anyway. */
function assertInput<M extends Method>(method: M, input: Input<M>): void {
  const parsed = method.input.safeParse(input)
  if (parsed.success) return
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new UsageError(problems.join('\n'))
}
