import type { z } from 'zod'
import { loadConfig, type ServiceConfig } from './config.ts'
import { Health, serveInternals } from './health.ts'
import { Lifecycle } from './lifecycle.ts'
import { createLogger, createMetrics, type Logger, type Metrics, startTracing } from './telemetry.ts'

/** What `runService` passes to every service. */
export interface Base {
  life: Lifecycle
  logger: Logger
  metrics: Metrics
  health: Health
}

/** Longer than a request may take, and shorter than an orchestrator waits (30 s). */
const GRACE_MS = 25_000

/**
 * Runs a service process: reads the environment, starts, serves health and metrics; on SIGTERM or SIGINT takes no new work,
 * finishes running work, closes in reverse order and exits with 0. Exits with 1 when starting or closing fails.
 */
export async function runService<S extends z.ZodObject>(
  name: string,
  schema: S,
  start: (base: Base, config: z.output<S>) => Promise<unknown>,
): Promise<void> {
  const config = readConfig(schema)
  const logger = createLogger(name, config.LOG_LEVEL)
  const base: Base = { life: new Lifecycle(), logger, metrics: createMetrics(name), health: new Health() }
  let started = false
  base.health.add('started', () => ({ ok: started }))
  const stop = stopOnce(base)
  process.on('SIGTERM', () => void stop('SIGTERM', 0))
  process.on('SIGINT', () => void stop('SIGINT', 0))
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught exception')
    void stop('uncaughtException', 1)
  })
  try {
    await startTracing(base.life, name, config.OTEL_EXPORTER_OTLP_ENDPOINT)
    const internals = await serveInternals(config.INTERNAL_HOST, config.INTERNAL_PORT, base.health, base.metrics)
    base.life.use(internals, 'internal server', (server) => server.close())
    await start(base, config)
    started = true
    logger.info({ internalPort: internals.port }, 'started')
  } catch (error) {
    logger.fatal({ err: error }, 'could not start')
    await stop('failed start', 1)
  }
}

function readConfig<S extends z.ZodObject>(schema: S): z.output<S> & ServiceConfig {
  try {
    return loadConfig(schema) as z.output<S> & ServiceConfig
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  }
}

function stopOnce({ life, logger, health }: Base): (why: string, exitCode: number) => Promise<void> {
  let stopping: Promise<void> | undefined
  return (why, exitCode) => {
    stopping ??= (async () => {
      logger.info({ why }, 'stopping')
      health.drain()
      setTimeout(() => {
        logger.error('running work did not finish in time')
        process.exit(1)
      }, GRACE_MS).unref()
      try {
        await life.close()
        process.exit(exitCode)
      } catch (error) {
        logger.error({ err: error }, 'could not close everything')
        process.exit(1)
      }
    })()
    return stopping
  }
}
