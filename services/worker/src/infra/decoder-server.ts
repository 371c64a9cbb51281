import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { chmod, chown, lstat, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { DecoderJob, encodeFrame, FRAME, frameReader, SIGNALS } from './decoder-protocol.ts'
import { startProcess } from './local-process.ts'
import { limitWords, NICE_WORDS, type ProcessEnd, type ToolProcess } from './sandbox.ts'
import { filterWords, syscallFilter } from './syscall-filter.ts'
import { TOOLS } from './workspace.ts'

export interface DecoderOptions {
  socket: string
  workDir: string
  /** First of the user ids that tools are given, above those of people and services. */
  firstUid: number
  log: (fields: Record<string, unknown>, message: string) => void
}

const UIDS = 1_000_000
const MAX_CONNECTIONS = 512
/** A connection is closed when no job arrives within this time. */
const SILENCE_MS = 10_000

type Run = Extract<DecoderJob, { kind: 'run' }>

/**
 * Runs ffmpeg and ffprobe for the workers that connect. Each workspace has its own user id, stored as the folder's group, and
 * its tools run as that user: they cannot reach other workspaces, other tools or this process. A tool ends with its connection.
 */
export async function serveDecoder(options: DecoderOptions): Promise<Server> {
  const filter = filterWords() ? syscallFilter() : null
  const uids = firstFree(options.firstUid)
  await rm(options.socket, { force: true })
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    serve(socket, (job) => start(job, options, uids, filter)).catch((error: Error) => {
      options.log({ error: error.message }, 'a job failed')
      socket.destroy()
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.socket, resolve)
  })
  // Its folder belongs to the group of the workers.
  await chmod(options.socket, 0o660)
  options.log({ filter: filter !== null }, 'the decoder accepts jobs')
  return server
}

async function serve(socket: Socket, begin: (job: DecoderJob) => Promise<ToolProcess | ProcessEnd>): Promise<void> {
  let tool: ToolProcess | undefined
  let gone = false
  let early: (typeof SIGNALS)[number] | undefined
  const leave = () => {
    gone = true
    tool?.signal('SIGKILL')
  }
  socket.once('end', leave).once('close', leave).on('error', leave)
  const job = await new Promise<DecoderJob>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no job was sent')), SILENCE_MS)
    socket.once('close', () => reject(new Error('the connection was closed before a job')))
    const read = frameReader((type, content) => {
      clearTimeout(timer)
      if (type === FRAME.job) return resolve(DecoderJob.parse(JSON.parse(content.toString())))
      const signal = SIGNALS.find((name) => name === content.toString())
      if (type !== FRAME.signal || !signal) return
      early = signal
      tool?.signal(signal)
    })
    socket.on('data', (chunk) => {
      try {
        read(chunk)
      } catch (error) {
        reject(error as Error)
        socket.destroy()
      }
    })
  })
  const begun = await begin(job)
  if (!('ended' in begun)) return void socket.end(encodeFrame(FRAME.end, JSON.stringify(begun)))
  tool = begun
  if (gone) tool.signal('SIGKILL')
  else if (early) tool.signal(early)
  forward(tool.stdout, FRAME.stdout, socket)
  forward(tool.stderr, FRAME.stderr, socket)
  const end = await tool.ended
  if (!socket.destroyed) socket.end(encodeFrame(FRAME.end, JSON.stringify(end)))
}

/** While a worker reads slowly, the tool waits, as it would at a pipe. */
function forward(stream: Readable, type: number, socket: Socket): void {
  socket.on('drain', () => stream.resume()).once('close', () => stream.resume())
  stream.on('data', (chunk: Buffer) => {
    if (!socket.destroyed && !socket.write(encodeFrame(type, chunk))) stream.pause()
  })
}

async function start(
  job: DecoderJob,
  options: DecoderOptions,
  uids: () => number,
  filter: Buffer | null,
): Promise<ToolProcess | ProcessEnd> {
  const done = { exitCode: 0, killedBy: null }
  if (job.kind === 'ping') return done
  const uid = job.workspace === null ? uids() : await ownerOf(join(options.workDir, job.workspace), options, uids)
  const folder = job.workspace === null ? '/' : join(options.workDir, job.workspace, TOOLS)
  const asUser = ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--inh-caps=-all']
  const inFolder = [...asUser, '--no-new-privs', '--', 'env', '-C', folder]
  if (job.kind === 'clean') {
    await finished([
      ...inFolder,
      'sh',
      '-c',
      'chmod -R u+rwx . 2>/dev/null; find . -mindepth 1 -user "$(id -u)" -delete',
    ])
    return done
  }
  const tool = startProcess([...inFolder, ...wordsOf(job, filter)], '/', filter ?? undefined)
  // With the filter it can neither start processes nor leave its process group.
  if (filter) return tool
  const ended = tool.ended.then(async (end) => {
    await finished([...asUser, '--', 'sh', '-c', 'kill -KILL -1'])
    return end
  })
  return { ...tool, ended }
}

function wordsOf({ program, args, memoryBytes, cpuSeconds, outputBytes }: Run, filter: Buffer | null): string[] {
  const limits = { memoryBytes, cpuSeconds, wallSeconds: 0 }
  const filtered = filter ? (filterWords() ?? []) : []
  return [...filtered, ...limitWords({ limits, outputBytes }, { isAlone: true }), ...NICE_WORDS, program, ...args]
}

/** The user id of a workspace, stored as the folder's group. A new workspace gets an id that no other workspace has. */
async function ownerOf(workspace: string, { firstUid }: DecoderOptions, uids: () => number): Promise<number> {
  const found = await lstat(workspace)
  if (!found.isDirectory()) throw new Error('the workspace is not a folder')
  if (found.gid >= firstUid && found.gid < firstUid + UIDS) return found.gid
  const uid = uids()
  await chown(workspace, found.uid, uid)
  return uid
}

/** A million ids, one after the other: before an id is used again, the workspace that had it was removed long ago. */
function firstFree(firstUid: number): () => number {
  let next = randomInt(UIDS)
  return () => firstUid + (next++ % UIDS)
}

function finished([command = '', ...args]: string[]): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', env: { PATH: process.env.PATH }, timeout: 60_000 })
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
}
