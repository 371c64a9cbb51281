import { type Bus, connectBus } from '@kinora/common/bus'
import type { EventEnvelope } from '@kinora/common/contract'
import { auth } from '@kinora/common/contracts'
import { assertMigrated, connectDb, startOutboxRelay } from '@kinora/common/db'
import { type Base, type Loop, startLoop } from '@kinora/common/service'
import { type Kysely, sql } from 'kysely'
import { cleanUp } from './background/clean-up.ts'
import { finishErasures } from './background/finish-erasures.ts'
import { sendMails } from './background/send-mails.ts'
import type { AuthConfig } from './config.ts'
import { type Context, createContext } from './context.ts'
import { schema } from './db/migrations/index.ts'
import type { AuthDb } from './db/schema.ts'
import { subscribeToEvents } from './events/index.ts'
import { handlers } from './rpc/index.ts'

/** Interval at which each process reads the signing keys, which another process may have changed. */
const KEYS_EVERY_MS = 1000
const ERASURES_MS = 60_000

/** Interval for mails that are tried again and for those of a process that has ended; new mails are sent at once. */
const MAIL_POLL_MS = 5000

/** Starts auth: accounts, sessions and signing keys over RPC. Throws on a wrong configuration or an outdated schema. */
export async function startAuth(
  base: Base,
  config: AuthConfig,
  overrides: Partial<Pick<Context, 'now'>> = {},
): Promise<Context> {
  const { life, logger } = base
  const db = connectDb<AuthDb>({ url: config.DATABASE_URL, schema: schema.schema, logger })
  life.use(db, 'database', (it) => it.destroy())
  await assertMigrated(db, schema)

  const bus = await connectBus({
    url: config.AMQP_URL,
    service: 'auth',
    logger,
    metrics: base.metrics,
    breaker: { failures: config.BREAKER_FAILURES, resetMs: config.BREAKER_RESET_MS },
  })
  life.use(bus, 'bus', (it) => it.drain())
  const relay = startOutboxRelay(db, logger, (_kind, payload) =>
    bus.publish(payload as EventEnvelope, { ifHeard: true }),
  )
  life.use(relay, 'outbox relay', (it) => it.stop())

  // Assigned later: the loop needs the context, and creating the context may already commit events.
  let mailing: Loop | undefined
  const wake = () => {
    relay.poke()
    mailing?.poke()
  }
  const ctx = await createContext({ db, base, config, wake, ...overrides })
  mailing = startLoop('mail', MAIL_POLL_MS, (stopping) => sendMails(ctx, stopping), logger)
  life.use(mailing, 'mail', (it) => it.stop())
  const cleaning = startLoop('clean-up', config.CLEANUP_INTERVAL_MS, (stopping) => cleanUp(ctx, stopping), logger)
  life.use(cleaning, 'clean-up', (it) => it.stop())
  const rotation = startLoop('signing keys', KEYS_EVERY_MS, () => ctx.keyRotator.rotateIfDue(), logger)
  life.use(rotation, 'signing keys', (it) => it.stop())
  const finishing = startLoop('finish erasures', ERASURES_MS, () => finishErasures(ctx), logger)
  life.use(finishing, 'finish erasures', (it) => it.stop())
  addChecks(base, db, bus)
  await subscribeToEvents(bus, ctx)
  await bus.serve(auth, handlers(ctx))
  return ctx
}

function addChecks({ health }: Base, db: Kysely<AuthDb>, bus: Bus): void {
  health.add('database', async () => {
    await sql`select 1`.execute(db)
    return { ok: true }
  })
  health.add('bus', () => {
    const { connected, reachable, blocked } = bus.status()
    return { ok: connected && reachable && !blocked, detail: { connected, reachable, blocked } }
  })
}
