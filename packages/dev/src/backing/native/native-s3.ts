import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '../../repository.ts'
import { newPassword } from '../admin-passwords.ts'
import type { BackingOptions, S3Server } from '../backing.ts'
import { freePort } from '../free-port.ts'
import { probeHttp } from '../probes.ts'
import { findSwiftPython } from './binaries.ts'
import { startPrivateServer } from './private-server.ts'
import { SWIFT_USER, swiftSettings } from './swift-settings.ts'

const PROGRAM = join(REPOSITORY, 'packages/dev/src/backing/native/swift-server.py')

/**
 * OpenStack Swift with its S3 interface, on one folder. `dir` must be on a file system with extended attributes, which a
 * tmpfs may lack.
 */
export async function startNativeS3({ dir, durable, log }: BackingOptions): Promise<S3Server> {
  const python = await findSwiftPython(log)
  const [etc, disks] = [join(dir, 'etc'), join(dir, 'disks')]
  for (const folder of [etc, join(disks, 'd1'), join(disks, 'cache')]) mkdirSync(folder, { recursive: true })
  const secretAccessKey = newPassword()
  for (const [name, content] of Object.entries(swiftSettings({ etc, disks }, secretAccessKey))) {
    writeFileSync(join(etc, name), content, { mode: 0o600 })
  }
  const port = await freePort()
  const storePorts = [await freePort(), await freePort(), await freePort()]
  const endpoint = `http://127.0.0.1:${port}`
  const control = await startPrivateServer({
    name: 'swift',
    command: python,
    args: [PROGRAM, dir, ...[port, ...storePorts].map(String)],
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    dir,
    stopSignal: 'SIGTERM',
    probe: () => probeHttp(endpoint),
    durable,
    log,
  })
  return { endpoint, accessKeyId: `${SWIFT_USER.account}:${SWIFT_USER.name}`, secretAccessKey, control }
}
