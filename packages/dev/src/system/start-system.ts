import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../backing/free-port.ts'
import { preparePrivateLogs } from '../private-files.ts'
import type { Service } from '../provision/identities.ts'
import { REPOSITORY } from '../repository.ts'
import type { ServiceKeys } from './secrets.ts'
import { type Installation, type ServiceEnvOptions, serviceEnv } from './service-env.ts'
import { createServiceProcess, type ServiceProcess } from './service-process.ts'

export type SystemOptions = {
  installation: Installation
  keys: ServiceKeys
  /** Folder of the workers' workspaces and the services' logs. */
  dir: string
  /** Default 1; may be 0. */
  workers?: number
  /** Port of the gateway; a free one by default. */
  port?: number
  /** Default `http://127.0.0.1:<port>`. */
  publicUrl?: string
  /** Settings for all services, e.g. `LOG_LEVEL`, `BREAKER_RESET_MS`. */
  env?: Record<string, string>
  /** Restart a service that ended by itself, after 1 s, 2 s … 30 s. Otherwise that is only reported. */
  restart?: boolean
  /** Called with events of the system: a service ended, or was started again. */
  log: (line: string) => void
  /** Called with every line that a service writes. */
  onServiceLine?: (name: string, line: string) => void
}

/** The four services as processes, named `gateway`, `auth`, `media`, `worker-1`, `worker-2` … */
export type System = {
  gatewayUrl: string
  services(): string[]
  /** The base URL of `/livez`, `/readyz` and `/metrics` of one service. */
  internalUrl(name: string): string
  /** Starts one more worker and resolves with its name when it is ready. */
  addWorker(): Promise<string>
  /** Starts another gateway of the same services, on another port. */
  addGateway(): Promise<{ name: string; url: string }>
  /**
   * Sends a signal, by default SIGKILL. Resolves when the process has ended; at once after SIGSTOP and SIGCONT. It is
   * not restarted.
   */
  kill(name: string, signal?: NodeJS.Signals): Promise<void>
  /** Starts a service again that was killed. */
  start(name: string): Promise<void>
  lastLines(name: string): string[]
  stop(): Promise<void>
}

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

/**
 * Starts all services from their builds and resolves when all are ready. Throws when one is not ready in time; the
 * others are stopped by then.
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const port = options.port ?? (await freePort())
  const publicUrl = options.publicUrl ?? `http://127.0.0.1:${port}`
  const { installation, keys, dir, env: settings = {} } = options
  const fleet = createFleet(options, { installation, keys, dir, port, publicUrl, settings })
  const workers = Array.from({ length: options.workers ?? 1 }, (_, i) => `worker-${i + 1}`)
  try {
    await Promise.all([fleet.add('auth', 'auth'), fleet.add('media', 'media')])
    await Promise.all([fleet.add('gateway', 'gateway'), ...workers.map((name) => fleet.add('worker', name))])
  } catch (error) {
    await fleet.stop()
    throw error
  }
  return {
    gatewayUrl: `http://127.0.0.1:${port}`,
    services: fleet.names,
    internalUrl: (name) => fleet.member(name).internalUrl,
    async addWorker() {
      const name = `worker-${fleet.count('worker') + 1}`
      await fleet.add('worker', name)
      return name
    },
    async addGateway() {
      const name = `gateway-${fleet.count('gateway') + 1}`
      const port = await freePort()
      await fleet.add('gateway', name, port)
      return { name, url: `http://127.0.0.1:${port}` }
    },
    kill: (name, signal = 'SIGKILL') => fleet.member(name).process.signal(signal),
    start: (name) => fleet.member(name).process.start(),
    lastLines: (name) => fleet.member(name).process.lastLines(),
    stop: fleet.stop,
  }
}

type Member = { service: Service; internalUrl: string; process: ServiceProcess }

function createFleet(options: SystemOptions, envOptions: ServiceEnvOptions) {
  const members = new Map<string, Member>()
  const stopping = new AbortController()
  const logDir = join(options.dir, 'log')
  preparePrivateLogs(logDir)

  async function add(service: Service, name: string, port = envOptions.port): Promise<void> {
    const internalPort = await freePort()
    const internalUrl = `http://127.0.0.1:${internalPort}`
    const process = createServiceProcess({
      name,
      entry: join(REPOSITORY, 'services', service, 'dist', 'main.js'),
      env: serviceEnv(service, name, internalPort, { ...envOptions, port }),
      internalUrl,
      onLine(line) {
        appendFileSync(join(logDir, `${name}.log`), `${line}\n`, { mode: 0o600 })
        options.onServiceLine?.(name, line)
      },
      onStoreProblem: (problem) => options.log(`${name} refuses requests: ${problem}`),
      onUnexpectedExit(how) {
        options.log(`${name} ended unexpectedly: ${how}\n${process.lastLines().slice(-10).join('\n')}`)
        if (options.restart) void startAgain(name, process)
      },
    })
    members.set(name, { service, internalUrl, process })
    await process.start()
  }

  async function startAgain(name: string, process: ServiceProcess): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !stopping.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      options.log(`${name} restarts in ${pause / 1000} s`)
      try {
        await sleep(pause, undefined, { signal: stopping.signal })
        await process.start()
        options.log(`${name} is back`)
        return
      } catch (error) {
        if (!stopping.signal.aborted) options.log((error as Error).message)
      }
    }
  }

  /** Stops callers before the services they call, so that no call loses its answer. */
  async function stop(): Promise<void> {
    stopping.abort()
    for (const group of [['gateway'], ['worker'], ['auth', 'media']]) {
      const leaving = [...members.values()].filter(({ service }) => group.includes(service))
      await Promise.all(leaving.map(({ process }) => process.stop()))
    }
  }

  function member(name: string): Member {
    const found = members.get(name)
    if (!found) throw new Error(`There is no service ${name}; there are ${names().join(', ')}`)
    return found
  }

  const names = () => [...members.keys()]
  const count = (service: Service) => [...members.values()].filter((it) => it.service === service).length
  return { add, stop, member, names, count }
}
