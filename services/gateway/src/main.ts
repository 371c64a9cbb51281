import { runService } from '@kinora/common/service'
import { gatewayConfig } from './config.ts'
import { startGateway } from './service.ts'

await runService('gateway', gatewayConfig, startGateway)
