import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Lifecycle } from '@kinora/common/service'
import { BACKING_KINDS, type BackingKind } from '../backing/servers-memory.ts'
import { REPOSITORY } from '../repository.ts'
import { type System, startSystem } from '../system/index.ts'
import { type Console, readableServiceLine, seconds } from './console.ts'
import { openInstallation } from './open-installation.ts'
import { publishOperatorUrl } from './operator-url.ts'
import { SETTINGS } from './settings.ts'

export type Running = { system: System; publicUrl: string }

export type BringUpOptions = {
  /** Settings for the services, used where the environment has none. */
  defaults?: Record<string, string>
  /** The servers to change to. */
  change?: BackingKind | undefined
}

/**
 * What `npm start` and `npm run demo` have in common: starts servers and services, and prints where they are. Reads PORT
 * (default 8080), PUBLIC_URL and WORKERS (default 1). Throws when the port is taken or something does not start.
 */
export async function bringUp(
  life: Lifecycle,
  console: Console,
  { defaults = {}, change }: BringUpOptions = {},
): Promise<Running> {
  const started = performance.now()
  const port = Number(process.env.PORT ?? 8080)
  const publicUrl = process.env.PUBLIC_URL ?? `http://localhost:${port}`
  await requireFree(port)
  const dir = join(REPOSITORY, '.kinora')
  const opened = await openInstallation(dir, life, console, change)
  life.use(publishOperatorUrl(opened.installation.amqpUrl('operator')), 'operator address', (withdraw) => withdraw())
  const system = await console.step('Services started', async () =>
    life.use(
      await startSystem({
        ...opened,
        dir,
        port,
        publicUrl,
        workers: Number(process.env.WORKERS ?? 1),
        env: { ...defaults, ...settingsFrom(process.env) },
        restart: true,
        log: console.line,
        onServiceLine(name, line) {
          const readable = readableServiceLine(name, line)
          if (readable) console.line(readable)
        },
      }),
      'system',
      (it) => it.stop(),
    ),
  )
  console.line('')
  console.line(`Kinora is up after ${seconds(performance.now() - started)}`)
  console.line(`  API    ${publicUrl}`)
  console.line(`  Docs   ${publicUrl}/docs`)
  console.line(`  Logs   ${join(dir, 'log')}`)
  if (!process.env.SMTP_URL) console.line(`  Mails  ${join(dir, 'mailbox')}`)
  console.line('  Stop   Ctrl-C')
  console.line('')
  return { system, publicUrl }
}

function settingsFrom(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(SETTINGS.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
}

/** Checked before anything is started, because the gateway starts last. */
async function requireFree(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', () => reject(new Error(`Port ${port} is in use. Choose another: PORT=8081 npm start`)))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()))
  })
}

export interface StartArguments {
  change: BackingKind | undefined
  files: string[]
}

/** Parses the arguments of `npm start --` and `npm run demo --`; throws on unknown ones. */
export function startArguments(args: string[], mostFiles: number): StartArguments {
  const { values, positionals } = parseArgs({
    args,
    options: { 'change-backing': { type: 'string' } },
    allowPositionals: mostFiles > 0,
  })
  const wanted = values['change-backing']
  if (positionals.length > mostFiles) throw new Error(`At most ${mostFiles} file; given: ${positionals.join(' ')}`)
  const change = BACKING_KINDS.find((kind) => kind === wanted)
  if (wanted !== undefined && !change) {
    throw new Error(`--change-backing is one of ${BACKING_KINDS.join(', ')}; given: ${wanted || 'nothing'}`)
  }
  return { change, files: positionals }
}
