export type * from './bus.ts'
export { connectBus } from './connect-bus.ts'
export { byType, decodeEnvelope, publishIfHeard } from './envelope.ts'
export { BROKER_PERMISSIONS, BROKER_TOPIC_PERMISSIONS, type ServiceName } from './topology.ts'
