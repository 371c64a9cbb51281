import { chmod, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { basename, dirname } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { SOURCE_FILE } from './allowed-input.ts'
import { type DecoderJob, encodeFrame, FRAME, frameReader, ProcessEndFrame } from './decoder-protocol.ts'
import type { ProcessEnd, Sandbox, ToolCommand, ToolProcess } from './sandbox.ts'

/** How long to wait for a decoder that starts at the same time as its workers. */
const PATIENCE_MS = 20_000
const PING_MS = 900

/**
 * Runs tools in another container, which has no network and no secrets (`decoder.ts`), each with its own user id. Both
 * containers mount `WORK_DIR`; a tool reaches only the workspace of its task. Undefined when no decoder answers.
 */
export async function openDecoderSandbox(socket: string): Promise<Sandbox | undefined> {
  const sandbox = decoderSandbox(socket)
  for (const until = performance.now() + PATIENCE_MS; ; await sleep(500)) {
    if (await sandbox.check()) return sandbox
    if (performance.now() > until) return undefined
  }
}

function decoderSandbox(socket: string): Sandbox {
  return {
    kind: 'container',
    description: 'ffmpeg runs in another container, without network and secrets',
    missing: [],
    start: ({ program, args, cwd, limits, outputBytes }: ToolCommand) => {
      const { memoryBytes, cpuSeconds } = limits
      const workspace = cwd === '' ? null : basename(dirname(cwd))
      const name = basename(program) === 'ffprobe' ? 'ffprobe' : 'ffmpeg'
      const job: DecoderJob = {
        kind: 'run',
        program: name,
        args: [...args],
        workspace,
        memoryBytes,
        cpuSeconds,
        outputBytes,
      }
      return startJob(socket, job, cwd === '' ? Promise.resolve() : openToTools(cwd))
    },
    async check() {
      const { ended, signal } = startJob(socket, { kind: 'ping' }, Promise.resolve())
      const timer = setTimeout(() => signal('SIGKILL'), PING_MS)
      return await ended
        .then(({ exitCode }) => exitCode === 0)
        .catch(() => false)
        .finally(() => clearTimeout(timer))
    },
    async clean(folder) {
      await startJob(socket, { kind: 'clean', workspace: basename(folder) }, Promise.resolve()).ended
    },
  }
}

/**
 * Lets the tool's user, by its group, enter the workspace and read the source. The source is a hard link to a file of the
 * storage; making it readable for all is safe, because only services can enter the storage's folders.
 */
async function openToTools(cwd: string): Promise<void> {
  await chmod(dirname(dirname(cwd)), 0o711)
  await chmod(dirname(cwd), 0o710)
  const source = `${cwd}/${SOURCE_FILE}`
  const found = await stat(source).catch(() => null)
  if (found && (found.mode & 0o004) === 0) await chmod(source, (found.mode & 0o777) | 0o044)
}

function startJob(path: string, job: DecoderJob, before: Promise<void>): ToolProcess {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const socket = connect(path)
  const ended = new Promise<ProcessEnd>((resolve, reject) => {
    let end: ProcessEnd | undefined
    const read = frameReader((type, content) => {
      if (type === FRAME.end) end = ProcessEndFrame.parse(JSON.parse(content.toString()))
      const stream = type === FRAME.stdout ? stdout : type === FRAME.stderr ? stderr : undefined
      if (stream?.write(Buffer.from(content)) !== false) return
      socket.pause()
      stream.once('drain', () => socket.resume())
    })
    socket.on('data', (chunk) => {
      try {
        read(chunk)
      } catch (error) {
        socket.destroy(error as Error)
      }
    })
    socket.once('error', reject)
    socket.once('close', () => {
      stdout.end()
      stderr.end()
      if (end) resolve(end)
      else reject(new Error('the decoder closed the connection'))
    })
  })
  // A run that was ended rejects later than its caller may listen.
  ended.catch(() => {})
  before.then(
    () => socket.write(encodeFrame(FRAME.job, JSON.stringify(job))),
    (error: Error) => socket.destroy(error),
  )
  const signal = (name: string) => {
    if (!socket.destroyed) socket.write(encodeFrame(FRAME.signal, name))
    // The decoder kills what it runs for a connection that has ended.
    if (name === 'SIGKILL') socket.end()
  }
  return { stdout, stderr, ended, signal }
}
