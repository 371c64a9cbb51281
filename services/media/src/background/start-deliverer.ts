import { type Lifecycle, startLoop } from '@kinora/common/service'
import type { Context } from '../context.ts'
import { guardedAgent } from '../infra/guarded-agent.ts'
import { Deliverer } from './deliver-webhooks.ts'

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
