export { newServiceKeys, type ServiceKeys } from './secrets.ts'
export type { Installation } from './service-env.ts'
export { type System, type SystemOptions, startSystem } from './start-system.ts'
