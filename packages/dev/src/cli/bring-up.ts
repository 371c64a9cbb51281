import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Lifecycle } from '@kinora/common/service'
import { REPOSITORY } from '../repository.ts'
import { type System, startSystem } from '../system/index.ts'
import { type Console, seconds } from './console.ts'
import { openInstallation } from './open-installation.ts'
import { publishOperatorUrl } from './operator-url.ts'
import { readableServiceLine } from './service-line.ts'

/** Settings that go on to the services when they are set for us; docs/running.md tells what they mean. */
const SETTINGS = [
  'ACCESS_TOKEN_SECONDS',
  'BCRYPT_COST',
  'BREACHED_PASSWORDS_URL',
  'BREAKER_FAILURES',
  'BREAKER_RESET_MS',
  'CORS_ORIGINS',
  'EMAIL_VERIFICATION',
  'HOST',
  'LOG_LEVEL',
  'MAIL_FROM',
  'MAIL_RETRY_MS',
  'MAX_DURATION_SECONDS',
  'MAX_MEMORY_MB',
  'MAX_PIXELS',
  'MAX_RENDITION',
  'MAX_TASK_SECONDS',
  'MAX_UPLOAD_BYTES',
  'MFA_LOCK_SECONDS',
  'MFA_MAX_FAILURES',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'PASSKEY_RP_ID',
  'PASSWORD_MIN_LENGTH',
  'PRODUCT_NAME',
  'RATE_LIMIT_ANONYMOUS',
  'RATE_LIMIT_LOGIN',
  'RATE_LIMIT_MAIL',
  'RATE_LIMIT_MAIL_TOKEN',
  'RATE_LIMIT_MFA',
  'RATE_LIMIT_PASSWORD',
  'RATE_LIMIT_PLAYBACK',
  'RATE_LIMIT_REFRESH',
  'RATE_LIMIT_REGISTER',
  'RATE_LIMIT_UPLOAD',
  'RATE_LIMIT_USER',
  'REFRESH_TOKEN_SECONDS',
  'RESET_PASSWORD_PAGE',
  'SMTP_URL',
  'TRUSTED_PROXIES',
  'VERIFY_EMAIL_PAGE',
  'WORKER_SLOTS_LONG',
  'WORKER_SLOTS_SHORT',
  'X264_PRESET',
]

export type Running = { system: System; publicUrl: string }

/** Everything that `npm start` and `npm run demo` have in common. PORT, PUBLIC_URL and WORKERS may be set. */
export async function bringUp(life: Lifecycle, console: Console): Promise<Running> {
  const started = performance.now()
  const port = Number(process.env.PORT ?? 8080)
  const publicUrl = process.env.PUBLIC_URL ?? `http://localhost:${port}`
  await requireFree(port)
  const dir = join(REPOSITORY, '.kinora')
  const place = await openInstallation(dir, life, console)
  life.use(publishOperatorUrl(place.installation.amqpUrl('operator')), 'operator address', (withdraw) => withdraw())
  const system = await console.step('Services started', async () =>
    life.use(
      await startSystem({
        ...place,
        dir,
        port,
        publicUrl,
        workers: Number(process.env.WORKERS ?? 1),
        env: settingsFrom(process.env),
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
