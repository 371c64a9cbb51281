import { connectBus } from '@kinora/common/bus'
import { defineContract, type ServiceName } from '@kinora/common/contract'
import { createLogger, createMetrics } from '@kinora/common/service'
import { z } from 'zod'
import type { Echo } from './rpc-peer.ts'

const Text = z.strictObject({ text: z.string() })
/** Served as `media`, because the rights on the broker are those of the real services. */
const bench = defineContract('media', {
  echo: { summary: 'Says the same', input: Text, output: Text, errors: [], idempotent: true },
})

/** Connects a bus with metrics, as the services do. */
const connect = (url: string, service: ServiceName) =>
  connectBus({ url, service, logger: createLogger(service, 'warn'), metrics: createMetrics(service) })

export async function busServer(url: string): Promise<void> {
  const bus = await connect(url, 'media')
  await bus.serve(bench, { echo: async ({ text }) => ({ text }) }, { prefetch: 128 })
}

export async function busClient(url: string): Promise<Echo> {
  const bus = await connect(url, 'gateway')
  const call = { actor: { kind: 'anonymous' as const }, requestId: 'bench', timeoutMs: 5000 }
  return async (text) => (await bus.call(bench.echo, { text }, call)).text
}
