import { createLogger } from '@kinora/common/service'
import { z } from 'zod'
import { serveDecoder } from './infra/decoder-server.ts'

/**
 * Runs media tools for the workers that share its socket and its working folder; see docs/decisions/0048. It runs as root,
 * whose rights are taken away but for those to become another user, to give a folder away, and to end such a user's tools.
 */
const decoderConfig = z.object({
  DECODER_SOCKET: z.string().default('/run/kinora-decoder/decoder.sock'),
  WORK_DIR: z.string().default('/var/lib/kinora/work'),
  DECODER_FIRST_UID: z.coerce.number().int().min(1000).max(2_000_000_000).default(0x1000_0000),
})

const { DECODER_SOCKET, WORK_DIR, DECODER_FIRST_UID } = decoderConfig.parse(process.env)
const logger = createLogger('decoder', 'info')
const server = await serveDecoder({
  socket: DECODER_SOCKET,
  workDir: WORK_DIR,
  firstUid: DECODER_FIRST_UID,
  log: (fields, message) => logger.info(fields, message),
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close()
    process.exit(0)
  })
}
