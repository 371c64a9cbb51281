import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Lifecycle } from '@kinora/common/service'
import type { BackingKind } from '../backing/servers-memory.ts'
import { REPOSITORY } from '../repository.ts'
import { type System, startSystem } from '../system/index.ts'
import { type Console, seconds } from './console.ts'
import { openInstallation } from './open-installation.ts'
import { publishOperatorUrl } from './operator-url.ts'
import { readableServiceLine } from './service-line.ts'
import { SETTINGS } from './settings.ts'

export type Running = { system: System; publicUrl: string }

export type BringUpOptions = {
  /** Settings that hold where the environment has none. */
  defaults?: Record<string, string>
  /** The servers to change to. */
  change?: BackingKind | undefined
}

/** Everything that `npm start` and `npm run demo` have in common. PORT, PUBLIC_URL and WORKERS may be set. */
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
  const place = await openInstallation(dir, life, console, change)
  life.use(publishOperatorUrl(place.installation.amqpUrl('operator')), 'operator address', (withdraw) => withdraw())
  const system = await console.step('Services started', async () =>
    life.use(
      await startSystem({
        ...place,
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

/** Asked before anything is started, because the answer would otherwise come last. */
async function requireFree(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', () => reject(new Error(`Port ${port} is taken. Choose another: PORT=8081 npm start`)))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()))
  })
}
