import { spawn } from 'node:child_process'
import { chmod, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { openDecoderSandbox } from '../../src/infra/decoder-sandbox.ts'
import type { Sandbox } from '../../src/infra/sandbox.ts'

const SERVICE = fileURLToPath(new URL('../..', import.meta.url))
/** All that the container of docker-compose.yml has. */
const RIGHTS = '-all,+setuid,+setgid,+chown,+kill'

/** A decoder with the rights that it has in its container, whose ffmpeg and ffprobe are `program`. Needs root. */
export async function startDecoder(folder: string, program: string): Promise<Sandbox> {
  const socket = join(folder, 'decoder.sock')
  // As in the container: its users may pass through, and not enter.
  await chmod(folder, 0o711)
  await chmod(join(folder, 'store'), 0o711)
  await chmod(join(folder, 'store', 'objects'), 0o750)
  await chmod(join(folder, '.kinora'), 0o750)
  await symlink(program, join(folder, 'ffprobe'))
  const env = {
    PATH: `${dirname(program)}:${process.env.PATH}`,
    DECODER_SOCKET: socket,
    WORK_DIR: join(folder, 'store', 'work'),
  }
  const node = [process.execPath, '--conditions=development', '--import', 'tsx', 'src/decoder.ts']
  const child = spawn('setpriv', [`--bounding-set=${RIGHTS}`, '--', ...node], {
    cwd: SERVICE,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  afterAll(() => void child.kill('SIGKILL'))
  const sandbox = await openDecoderSandbox(socket)
  if (!sandbox) throw new Error('the decoder does not answer')
  return sandbox
}
