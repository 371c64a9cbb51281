import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Lifecycle } from '@kinora/common/service'
import type { Backing, S3Server } from './backing.ts'
import { S3_IMAGE } from './images.ts'
import { startNativeS3 } from './native/native-s3.ts'

/** On Debian, `/tmp` may be in memory and keep no extended attributes; this is on a disk. */
const TEMPORARY = '/var/tmp'

/**
 * A throw-away S3 server: a container, where the other servers are containers and the image is there or can be pulled;
 * else OpenStack Swift from Debian's packages, which are installed where that can be done.
 */
export async function startS3(kind: Backing['kind'], log: (line: string) => void, life: Lifecycle): Promise<S3Server> {
  const dir = mkdtempSync(join(TEMPORARY, 'kinora-s3-'))
  life.use(dir, 'folder', (it) => rmSync(it, { recursive: true, force: true, maxRetries: 3 }))
  const options = { dir, durable: false, log }
  if (kind === 'docker') {
    // Only here: to load Testcontainers takes a second.
    const { dockerImagesMissing } = await import('./docker/docker-engine.ts')
    const obstacle = await dockerImagesMissing(log, [S3_IMAGE])
    const { startDockerS3 } = await import('./docker/docker-s3.ts')
    if (!obstacle) return startDockerS3(options, life)
    log(`S3: OpenStack Swift on this machine (no container: ${obstacle})`)
  }
  return life.use(await startNativeS3(options), 's3', ({ control }) => control.kill())
}
