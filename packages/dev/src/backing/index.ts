export type { Backing, BackingOptions, PostgresServer, RabbitmqServer, RedisServer, ServerControl } from './backing.ts'
export { freePort } from './free-port.ts'
export { IMAGES } from './images.ts'
export { startBacking } from './start-backing.ts'
