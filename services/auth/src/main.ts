import { runService } from '@kinora/common/service'
import { authConfig } from './config.ts'
import { startAuth } from './service.ts'

await runService('auth', authConfig, startAuth)
