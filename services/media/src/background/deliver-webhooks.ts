import { type Lifecycle, type Logger, startLoop } from '@kinora/common/service'
import { webhookHeaders } from '@kinora/common/webhook-signature'
import type { Dispatcher } from 'undici'
import type { Context } from '../context.ts'
import type { Db, DeliveryRow, WebhookRow } from '../db/schema.ts'
import { Aborted, type Posted, postWebhook, refusedAttempt } from '../infra/post-webhook.ts'
import { guardedAgent, targetProblem } from '../infra/webhook-address.ts'
import type { Webhooks } from '../infra/webhook-settings.ts'
import type { MediaMetrics } from '../media-metrics.ts'
import { recordAttempt } from '../operations/webhook-deliveries.ts'
import { claimDue, endAttempt } from '../repositories/webhook-deliveries.ts'
import { signingSecrets, webhookById } from '../repositories/webhooks.ts'

const MAX_IN_FLIGHT = 100
const PER_WEBHOOK = 4
/** Longer than an attempt may take. */
const LEASE_MS = 30_000
/** How long a stop waits for attempts under way before it gives them back. */
const GRACE_MS = 2000

export interface DelivererDeps {
  db: Db
  webhooks: Webhooks
  dispatcher: Dispatcher
  metrics: MediaMetrics
  logger: Logger
  /** Called when there is room for another. */
  onRoom: () => void
}

interface Attempt {
  webhookId: string
  abort: AbortController
  ended: Promise<void>
}

/**
 * Makes the attempts of one process. Each is alone: a webhook that answers slowly occupies its own places and nobody
 * else's. What a killed process was at is due again when its lease has ended, so it may arrive twice, and is never lost.
 */
class Deliverer {
  readonly #deps: DelivererDeps
  readonly #inFlight = new Map<string, Attempt>()
  #stopping = false

  constructor(deps: DelivererDeps) {
    this.#deps = deps
  }

  /** Begins all attempts that are due and that there is room for, and waits for none of them. */
  async beginDue(): Promise<void> {
    let begun: number
    do {
      const limit = MAX_IN_FLIGHT - this.#inFlight.size
      if (limit <= 0 || this.#stopping) return
      const options = { limit, perWebhook: PER_WEBHOOK, inFlight: this.#attemptsByWebhook(), leaseMs: LEASE_MS }
      const claimed = await claimDue(this.#deps.db, options)
      for (const row of claimed) this.#begin(row)
      begun = claimed.length
    } while (begun > 0)
  }

  /** Waits for the attempts under way, gives up those that take long, and leaves them to others. */
  async stop(): Promise<void> {
    this.#stopping = true
    const attempts = [...this.#inFlight.values()]
    const timer = setTimeout(() => {
      for (const { abort } of attempts) abort.abort(new Aborted('STOPPED'))
    }, GRACE_MS)
    await Promise.all(attempts.map(({ ended }) => ended))
    clearTimeout(timer)
  }

  #begin(row: DeliveryRow): void {
    const abort = new AbortController()
    const ended = this.#deliver(row, abort)
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error, deliveryId: row.id }, 'an attempt could not be recorded; it is made again')
      })
      .finally(() => {
        this.#inFlight.delete(row.id)
        this.#deps.onRoom()
      })
    this.#inFlight.set(row.id, { webhookId: row.webhook_id, abort, ended })
  }

  async #deliver(row: DeliveryRow, abort: AbortController): Promise<void> {
    const { db, metrics, logger } = this.#deps
    const webhook = await webhookById(db, row.webhook_id)
    // Deleted meanwhile, and the delivery with it.
    if (!webhook) return
    if (webhook.disabled_reason) {
      const { attempt } = refusedAttempt('WEBHOOK_DISABLED')
      return await endAttempt(db, row, { state: 'failed', retryMs: null, attempt })
    }
    const posted = await this.#post(webhook, row, abort)
    const { attempt } = posted
    if (attempt.error === 'STOPPED') return await endAttempt(db, row, { state: 'pending', retryMs: 0, attempt: null })
    const outcome = await recordAttempt(db, row, posted)
    metrics.webhookAttempts.inc({ outcome })
    if (outcome !== 'disabled') return
    const { id: webhookId, owner_id: ownerId } = webhook
    logger.info({ webhookId, ownerId, status: attempt.status }, 'a webhook was disabled')
  }

  async #post(webhook: WebhookRow, { id, body }: DeliveryRow, abort: AbortController): Promise<Posted> {
    const { webhooks, dispatcher } = this.#deps
    // What was allowed when it was made may not be so any more.
    if (targetProblem(webhook.url, webhooks.target)) return refusedAttempt('ADDRESS_REFUSED')
    const at = new Date()
    const signed = webhookHeaders(signingSecrets(webhooks.cipher, webhook, at), { id, at, body })
    const headers = { 'content-type': 'application/json', 'user-agent': 'Kinora-Webhooks', ...signed }
    return await postWebhook(dispatcher, { url: webhook.url, headers, body }, abort)
  }

  #attemptsByWebhook(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { webhookId } of this.#inFlight.values()) counts.set(webhookId, (counts.get(webhookId) ?? 0) + 1)
    return counts
  }
}

/** Sends what webhooks are to be told, until the process stops. */
export function startDeliverer(life: Lifecycle, { db, webhooks, metrics, logger, wake, config }: Context): void {
  const dispatcher = life.use(guardedAgent(webhooks.target.allowsAddress), 'webhook connections', (it) => it.destroy())
  const onRoom = () => loop.poke()
  const deliverer = new Deliverer({ db, webhooks, dispatcher, metrics, logger, onRoom })
  life.use(deliverer, 'webhook attempts', (it) => it.stop())
  const loop = startLoop('deliver webhooks', config.WEBHOOK_POLL_MS, () => deliverer.beginDue(), logger)
  life.use(loop, 'deliver webhooks', (it) => it.stop())
  wake.on('webhooks', () => loop.poke())
}
