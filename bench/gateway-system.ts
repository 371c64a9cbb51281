import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Lifecycle } from '@kinora/common/service'
import { freePort } from '@kinora/dev/backing'
import { openInstallation, REPOSITORY, serviceEnv } from '@kinora/dev/system'
import { type Account, signUp } from './client.ts'

export interface GatewaySystem {
  dir: string
  url: string
  issuer: string
  databaseUrl: string
  storageUrl: string
  pids: { gateway: number; auth: number; media: number }
  signUp(): Promise<Account>
  /** Starts a worker and resolves with its process id when it is ready. */
  startWorker(): Promise<number>
  stop(): Promise<void>
}

const UNLIMITED = '100000000/60'
const SETTINGS = {
  RATE_LIMIT_LOGIN: UNLIMITED,
  RATE_LIMIT_USER: UNLIMITED,
  RATE_LIMIT_UPLOAD: UNLIMITED,
  ACCESS_TOKEN_SECONDS: '3600',
  MAX_UPLOAD_BYTES: String(2 ** 33),
}

/**
 * Starts gateway, auth and media as processes from their builds, on servers of their own. Media's cache is off, so that both
 * contenders query PostgreSQL for each request.
 */
export async function startGatewaySystem(settings: Record<string, string> = {}): Promise<GatewaySystem> {
  const life = new Lifecycle()
  const dir = life.use(mkdtempSync(join(tmpdir(), 'kinora-bench-')), 'folder', (it) =>
    rmSync(it, { recursive: true, force: true }),
  )
  try {
    const silent = { line: () => {}, update: () => {}, step: <T>(_what: string, run: () => Promise<T>) => run() }
    const { installation, keys } = await openInstallation(dir, life, silent)
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const options = { installation, keys, port, publicUrl: url, dir, settings: { ...SETTINGS, ...settings } }
    const begin = async (service: 'auth' | 'media' | 'gateway' | 'worker', changes = {}) => {
      const internalPort = await freePort()
      const env = { ...serviceEnv(service, service, internalPort, options), ...changes }
      return await start(life, service, internalPort, env)
    }
    const auth = await begin('auth')
    const media = await begin('media', { REDIS_URL: undefined })
    const gateway = await begin('gateway')
    const databaseUrl = installation.databaseUrl('media')
    const pids = { gateway, auth, media }
    const signUpHere = () => signUp(url)
    const startWorker = () => begin('worker')
    const { storageUrl } = installation
    return {
      ...{ dir, url, issuer: url, databaseUrl, storageUrl, pids },
      ...{ signUp: signUpHere, startWorker, stop: () => life.close() },
    }
  } catch (error) {
    await life.close()
    throw error
  }
}

/** Resolves with the process id when the service is ready. */
async function start(life: Lifecycle, service: string, internalPort: number, env: NodeJS.ProcessEnv): Promise<number> {
  const main = join(REPOSITORY, 'services', service, 'dist', 'main.js')
  const child = spawn(process.execPath, [main], {
    // Logs are written, as in production, but not to our terminal.
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  })
  life.use(child, service, stopProcess)
  await waitUntilReady(child, `http://127.0.0.1:${internalPort}/readyz`)
  return child.pid ?? 0
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

async function waitUntilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`${url} did not become ready`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
