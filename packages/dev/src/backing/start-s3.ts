import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Lifecycle } from '@kinora/common/service'
import { type Backing, S3_IMAGE, type S3Server } from './backing.ts'
import { startNativeS3 } from './native/native-s3.ts'

/** On Debian, `/tmp` may be a tmpfs without extended attributes; this folder is on a disk. */
const TEMPORARY = '/var/tmp'

/**
 * Starts a throw-away S3 server: a container when the other servers are containers and the image exists or can be pulled;
 * otherwise OpenStack Swift from Debian's packages, which are installed if possible. It stops when `life` closes.
 */
export async function startS3(kind: Backing['kind'], log: (line: string) => void, life: Lifecycle): Promise<S3Server> {
  const dir = mkdtempSync(join(TEMPORARY, 'kinora-s3-'))
  life.use(dir, 'folder', (it) => rmSync(it, { recursive: true, force: true, maxRetries: 3 }))
  const options = { dir, durable: false, log }
  if (kind === 'docker') {
    // Imported here, because loading Testcontainers takes a second.
    const { dockerImagesMissing } = await import('./docker/docker-engine.ts')
    const obstacle = await dockerImagesMissing(log, [S3_IMAGE])
    const { startDockerS3 } = await import('./docker/docker-backing.ts')
    if (!obstacle) return startDockerS3(options, life)
    log(`S3: OpenStack Swift on this machine (no container: ${obstacle})`)
  }
  return life.use(await startNativeS3(options), 's3', ({ control }) => control.kill())
}
