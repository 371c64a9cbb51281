import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Metrics, VERSION } from './telemetry.ts'

export interface CheckResult {
  ok: boolean
  /** Copied to the answer, e.g. `{ state: 'open' }`. */
  detail?: Record<string, unknown>
}

export interface HealthReport {
  ready: boolean
  draining: boolean
  /** Of Kinora. */
  version: string
  /** By name. */
  checks: Record<string, CheckResult>
}

/** Named checks of a service's dependencies; each must answer from memory or within a second. */
export class Health {
  readonly #checks = new Map<string, () => CheckResult | Promise<CheckResult>>()
  #draining = false

  add(name: string, check: () => CheckResult | Promise<CheckResult>): void {
    this.#checks.set(name, check)
  }

  /** Reports not ready from now on, so that no new work is sent here. */
  drain(): void {
    this.#draining = true
  }

  async report(): Promise<HealthReport> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await within(1000, check)] as const),
    )
    const ready = !this.#draining && entries.every(([, result]) => result.ok)
    return { ready, draining: this.#draining, version: VERSION, checks: Object.fromEntries(entries) }
  }
}

async function within(ms: number, check: () => CheckResult | Promise<CheckResult>): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: { reason: 'no answer' } }), ms)
  })
  try {
    return await Promise.race([Promise.resolve().then(check), late])
  } catch {
    return { ok: false }
  } finally {
    clearTimeout(timer)
  }
}

export interface InternalServer {
  port: number
  close(): Promise<void>
}

/** `/livez` (the process runs), `/readyz` (it can do its work) and `/metrics`, for orchestrators and Prometheus only. */
export async function serveInternals(
  host: string,
  port: number,
  health: Health,
  metrics: Metrics,
): Promise<InternalServer> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '', response, health, metrics).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) }
}

async function answer(url: string, response: ServerResponse, health: Health, metrics: Metrics): Promise<void> {
  const path = url.split('?')[0]
  if (path === '/livez') return sendJson(response, 200, { ok: true })
  if (path === '/readyz') {
    const report = await health.report()
    return sendJson(response, report.ready ? 200 : 503, report)
  }
  if (path === '/metrics') {
    const text = await metrics.metrics()
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
    return
  }
  sendJson(response, 404, { ok: false })
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body))
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
