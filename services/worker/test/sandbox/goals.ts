import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll } from 'vitest'

export const OUTPUT_BYTES = 1024 * 1024
export const MEMORY_BYTES = 256 * 1024 * 1024

export interface Goals {
  /** Folder that the hostile program is given. */
  workspace: string
  /** Arguments that tell it what there is to reach. */
  args: string[]
}

/** A worker with secrets, storage with other people's uploads, another job, and services that listen: all to be reached. */
export async function openGoals(folder: string): Promise<Goals> {
  const storage = join(folder, 'store', 'objects')
  const jobs = join(folder, 'store', 'work')
  const upload = join(storage, 'sources', 'other')
  const workspace = join(jobs, 'host@1-1-own', 'tools')
  const job = join(jobs, 'host@1-1-other')
  const secrets = join(folder, '.kinora', 'secrets.json')
  for (const path of [upload, join(job, 'tools', 'source'), secrets]) await putFile(path, 'SECRET')
  await putFile(join(workspace, 'source'), 'a video')
  // As `createWorkspace` and `withWorkspace` make them.
  await chmod(job, 0o700)
  await chmod(workspace, 0o1777)

  const victim = spawn('sleep', ['600'], { env: { AMQP_URL: 'amqp://SECRET' } })
  const unix = join(folder, 'unix.sock')
  const abstract = `kinora-test-${process.pid}`
  const broker = await listen((server) => server.listen(0, '127.0.0.1'))
  const tcp = await listen((server) => server.listen(0, '127.0.0.1'))
  const socket = await listen((server) => server.listen(unix))
  const udp = createSocket('udp4')
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
  afterAll(() => {
    for (const server of [broker, tcp, socket]) server.close()
    udp.close()
    victim.kill('SIGKILL')
  })
  const values = {
    ...{ pid: pidOf(victim), upload, storage, jobs, job, secrets, unix, abstract },
    ...{ broker: portOf(broker), tcp: portOf(tcp), udp: udp.address().port },
    ...{ memory: 4 * MEMORY_BYTES, output: OUTPUT_BYTES },
  }
  return { workspace, args: Object.entries(values).map(([name, value]) => `${name}=${value}`) }
}

async function putFile(path: string, content: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, content)
}

async function listen(open: (server: Server) => void): Promise<Server> {
  const server = createServer((connection) => connection.destroy())
  await new Promise<void>((resolve) => {
    server.once('listening', resolve)
    open(server)
  })
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a process did not start')
  return pid
}
