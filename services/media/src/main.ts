import { runService } from '@kinora/common/service'
import { mediaConfig } from './config.ts'
import { startMedia } from './service.ts'

await runService('media', mediaConfig, startMedia)
