import type { Bus, BusOptions } from './bus.ts'

export async function connectBus(_options: BusOptions): Promise<Bus> {
  throw new Error('being written')
}
