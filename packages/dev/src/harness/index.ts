export { freePort } from '../backing/free-port.ts'
export { findChromium, findSpeechModel } from '../backing/native/binaries.ts'
export type { BrokerUser, SchemaName } from '../provision/identities.ts'
export type { System } from '../system/index.ts'
export { until } from '../until.ts'
export { assertDocumented } from './documented-answers.ts'
export {
  type PrivateBroker,
  type PrivateS3,
  type PrivateTestEnvironment,
  privateBroker,
  privateEdge,
  privateS3,
  privateTestEnvironment,
} from './private-servers.ts'
export { parseMail, type ReceivedMail, type Smtp, startSmtp } from './smtp.ts'
export {
  createTestEnvironment,
  type TestEnvironment,
  testEnvironmentOfTest,
  useSystem,
  useTestEnvironment,
} from './test-environment.ts'
