import { type Lifecycle, startLoop } from '@kinora/common/service'
import { webhookHeaders } from '@kinora/common/webhook-signature'
import type { Dispatcher } from 'undici'
import type { Context } from '../context.ts'
import type { WebhookRow } from '../db/schema.ts'
import { attemptPlaces, attemptsToCut, MIN_FIRST_ATTEMPT_MS, type TimedAttempt } from '../domain/webhooks.ts'
import { Aborted, type Posted, postWebhook, refusedAttempt } from '../infra/post-webhook.ts'
import { guardedAgent, targetProblem } from '../infra/webhook-address.ts'
import { recordAttempt } from '../operations/webhook-deliveries.ts'
import { type ClaimedDelivery, claimDue, endAttempt } from '../repositories/webhook-deliveries.ts'
import { signingSecrets, webhookById } from '../repositories/webhooks.ts'
import { jobInterval } from './interval.ts'

const PER_WEBHOOK = 4
/** Longer than an attempt may take. */
const LEASE_MS = 30_000
/** Timers may be early by a fraction of this. */
const CLOCK_MS = 10
/** How long a stop waits for running attempts before it returns them. */
const GRACE_MS = 2000

interface DelivererDeps extends Pick<Context, 'db' | 'webhooks' | 'metrics' | 'logger' | 'now'> {
  dispatcher: Dispatcher
  /** Called when an attempt has ended, so that another may begin. */
  onSlot: () => void
}

interface Attempt {
  webhookId: string
  projectId: string
  later: boolean
  startedAt: number
  abort: AbortController
  ended: Promise<void>
}

/**
 * Makes the attempts of one process. Receivers that answer slowly occupy only places of their project. A delivery of a killed
 * process is due again when its lease has ended, so it may arrive twice, but is never lost.
 */
class Deliverer {
  readonly #deps: DelivererDeps
  readonly #inFlight = new Map<string, Attempt>()
  #stopping = false

  constructor(deps: DelivererDeps) {
    this.#deps = deps
  }

  /**
   * Begins the attempts that are due, as many as there are free slots, without waiting for them: one for each project that has
   * none, then more of each.
   */
  async beginDue(): Promise<void> {
    while ((await this.#beginSome(1)) > 0) {}
    while ((await this.#beginSome()) > 0) {}
  }

  async #beginSome(perProject?: number): Promise<number> {
    const running = [...this.#inFlight.values()]
    const places = attemptPlaces(running.length, running.filter(({ later }) => later).length)
    if (places.limit <= 0 || this.#stopping) return 0
    const options = {
      ...places,
      ...(perProject && { perProject }),
      perWebhook: PER_WEBHOOK,
      running,
      leaseMs: LEASE_MS,
    }
    const claimed = await claimDue(this.#deps.db, options)
    for (const row of claimed) this.#begin(row)
    this.#cutSlow()
    return claimed.length
  }

  /** Ends first attempts that hang while others wait for their places. They continue as retries. */
  #cutSlow(): void {
    const running = [...this.#inFlight.values()].map((attempt): TimedAttempt & Attempt => ({
      ...attempt,
      isEnding: attempt.abort.signal.aborted,
    }))
    for (const { abort } of attemptsToCut(running, performance.now())) abort.abort(new Aborted('TIMEOUT'))
  }

  /** Waits 2 s for running attempts, then aborts the rest, which another process repeats. */
  async stop(): Promise<void> {
    this.#stopping = true
    const attempts = [...this.#inFlight.values()]
    const timer = setTimeout(() => {
      for (const { abort } of attempts) abort.abort(new Aborted('STOPPED'))
    }, GRACE_MS)
    await Promise.all(attempts.map(({ ended }) => ended))
    clearTimeout(timer)
  }

  #begin(row: ClaimedDelivery): void {
    const abort = new AbortController()
    const timer = setTimeout(() => this.#cutSlow(), MIN_FIRST_ATTEMPT_MS + CLOCK_MS)
    const ended = this.#deliver(row, abort)
      .catch((error: unknown) => {
        this.#deps.logger.warn(
          { err: error, deliveryId: row.id },
          'a webhook attempt could not be recorded; it will be repeated',
        )
      })
      .finally(() => {
        clearTimeout(timer)
        this.#inFlight.delete(row.id)
        this.#deps.onSlot()
      })
    const { webhook_id: webhookId, project_id: projectId, later } = row
    this.#inFlight.set(row.id, { webhookId, projectId, later, startedAt: performance.now(), abort, ended })
  }

  async #deliver(row: ClaimedDelivery, abort: AbortController): Promise<void> {
    const { db, metrics, logger, now } = this.#deps
    const webhook = await webhookById(db, row.webhook_id)
    // Deleted meanwhile, together with the delivery.
    if (!webhook) return
    if (webhook.disabled_reason) {
      const { attempt } = refusedAttempt('WEBHOOK_DISABLED', now())
      return await endAttempt(db, row, { state: 'failed', retryMs: null, attempt })
    }
    const posted = await this.#post(webhook, row, abort)
    const { attempt } = posted
    if (attempt.error === 'STOPPED') return await endAttempt(db, row, { state: 'pending', retryMs: 0, attempt: null })
    const outcome = await recordAttempt(this.#deps, row, posted)
    metrics.webhookAttempts.inc({ outcome })
    if (outcome !== 'disabled') return
    const { id: webhookId, project_id: projectId } = webhook
    logger.info({ webhookId, projectId, status: attempt.status }, 'a webhook was disabled')
  }

  async #post(webhook: WebhookRow, { id, body }: ClaimedDelivery, abort: AbortController): Promise<Posted> {
    const { webhooks, dispatcher, now } = this.#deps
    const at = now()
    // The rules may have changed since the webhook was created.
    if (targetProblem(webhook.url, webhooks.target)) return refusedAttempt('ADDRESS_REFUSED', at)
    const signed = webhookHeaders(signingSecrets(webhooks.cipher, webhook, at), { id, at, body })
    const headers = { 'content-type': 'application/json', 'user-agent': 'Kinora-Webhooks', ...signed }
    return await postWebhook(dispatcher, { at, url: webhook.url, headers, body }, abort)
  }
}

/** Delivers to webhooks until the process stops. */
export function startDeliverer(life: Lifecycle, ctx: Context): void {
  const { webhooks, logger, wake, config } = ctx
  const dispatcher = life.use(guardedAgent(webhooks.target.allowsAddress), 'webhook connections', (it) => it.destroy())
  const onSlot = () => loop.poke()
  const deliverer = new Deliverer({ ...ctx, dispatcher, onSlot })
  life.use(deliverer, 'webhook attempts', (it) => it.stop())
  const loop = startLoop(
    'deliver webhooks',
    jobInterval(ctx, config.WEBHOOK_POLL_MS),
    () => deliverer.beginDue(),
    logger,
  )
  life.use(loop, 'deliver webhooks', (it) => it.stop())
  wake.on('webhooks', () => loop.poke())
}
