import { connectBus } from '@kinora/common/bus'
import type { ServiceName } from '@kinora/common/contract'
import { defineContract } from '@kinora/common/contract'
import { createLogger, createMetrics } from '@kinora/common/service'
import { z } from 'zod'
import type { Echo } from './rpc-peer.ts'

const Text = z.strictObject({ text: z.string() })
const bench = defineContract('bench', {
  echo: { summary: 'Says the same', input: Text, output: Text, errors: [], idempotent: true },
})

/** As the services have it: with metrics. */
const connect = (url: string, service: ServiceName) =>
  connectBus({ url, service, logger: createLogger(service, 'warn'), metrics: createMetrics(service) })

export async function busServer(url: string): Promise<void> {
  const bus = await connect(url, 'bench')
  await bus.serve(bench, { echo: async ({ text }) => ({ text }) }, { prefetch: 128 })
}

export async function busClient(url: string): Promise<Echo> {
  const bus = await connect(url, 'bench-client')
  const call = { actor: { kind: 'anonymous' as const }, requestId: 'bench', timeoutMs: 5000 }
  return async (text) => (await bus.call(bench.echo, { text }, call)).text
}
