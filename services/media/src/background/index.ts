import type { Bus } from '@kinora/common/bus'
import { type Lifecycle, startLoop } from '@kinora/common/service'
import type { Context } from '../context.ts'
import { deleteOldRows, emptyQuarantine, removeFiles, removeUnfinishedFiles } from './cleanup.ts'
import { startDeliverer } from './deliver-webhooks.ts'
import { eraseProjects } from './erase-projects.ts'
import { expireSources, expireVideos } from './expire-videos.ts'
import { jobInterval } from './interval.ts'
import { publishPlaylists } from './publish-playlists.ts'
import { createReaper, resumeDeferred } from './reap-tasks.ts'
import { replaceSources } from './replace-sources.ts'
import { expireUploads, finishUploads, registerReceipts } from './uploads.ts'

const HOUR_MS = 3600 * 1000

/** Starts all background jobs. Each may run in several processes at the same time. */
export function startJobs(life: Lifecycle, ctx: Context, bus: Bus): void {
  const { REAPER_MS, RECEIPTS_MS } = ctx.config
  const reaperMs = jobInterval(ctx, REAPER_MS)
  const start = (name: string, everyMs: number | (() => number), job: (ctx: Context) => Promise<void>) =>
    life.use(
      startLoop(name, everyMs, () => job(ctx), ctx.logger),
      name,
      (loop) => loop.stop(),
    )

  const publisher = start('publish playlists', reaperMs, publishPlaylists)
  ctx.wake.on('playlists', () => publisher.poke())
  const replacer = start('replace sources', reaperMs, replaceSources)
  ctx.wake.on('replacements', () => replacer.poke())
  start(
    'reap',
    reaperMs,
    createReaper(() => bus.status().connected),
  )
  const eraser = start('erase projects', reaperMs, eraseProjects)
  ctx.wake.on('erasures', () => eraser.poke())
  start('remove files', reaperMs, removeFiles)
  start('register receipts', RECEIPTS_MS, registerReceipts)
  start('resume deferred tasks', reaperMs, resumeDeferred)
  start('finish uploads', RECEIPTS_MS, finishUploads)
  start('expire uploads', RECEIPTS_MS, expireUploads)
  start('expire videos', RECEIPTS_MS, expireVideos)
  start('expire sources', RECEIPTS_MS, expireSources)
  start('remove unfinished files', HOUR_MS, removeUnfinishedFiles)
  start('empty quarantine', HOUR_MS, emptyQuarantine)
  start('delete old rows', HOUR_MS, deleteOldRows)
  startDeliverer(life, ctx)
}
