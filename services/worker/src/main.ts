import { runService } from '@kinora/common/service'
import { workerConfig } from './config.ts'
import { startWorker } from './service.ts'

await runService('worker', workerConfig, startWorker)
