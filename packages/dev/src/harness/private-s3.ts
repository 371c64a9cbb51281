import { afterAll, inject } from 'vitest'
import type { ServerControl } from '../backing/backing.ts'
import { startS3 } from '../backing/start-s3.ts'
import { closeOnFailure } from '../close-on-failure.ts'
import type { S3Access, S3Storage } from '../provision/bucket.ts'
import './provided.ts'
import type { TestEnvironment } from './test-environment.ts'

/** An S3 server for one test file, to be killed, paused and started again. */
export type PrivateS3 = {
  access: S3Access
  control: ServerControl
  /** One more bucket, empty. */
  bucket(): Promise<S3Storage & Pick<TestEnvironment, 'storedFiles'>>
}

const log = (line: string) => void process.stderr.write(`${line}\n`)

/** At the top of a test file: boots a server (some 2 s); it is ended after the file's last test. */
export async function privateS3(): Promise<PrivateS3> {
  // Only here: every test file loads this module, and the SDK takes a while.
  const { createBucket } = await import('../provision/bucket.ts')
  const { storedFiles } = await import('../provision/stored-files.ts')
  return closeOnFailure(async (life) => {
    const { control, ...access } = await startS3(inject('backing').kind, log, life)
    afterAll(() => life.close())
    const bucket: PrivateS3['bucket'] = async () => {
      const storage = await createBucket(access)
      return { ...storage, storedFiles: () => storedFiles(storage) }
    }
    return { access, control, bucket }
  })
}
