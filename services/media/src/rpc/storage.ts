import { administratorOnly, type Handler } from '@kinora/common/contract'
import type { media, StorageStatus } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { installationName, restoreFromQuarantine as restore, storeTime } from '@kinora/common/storage'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Tx } from '../db/schema.ts'
import { recallRestoredSource } from '../operations/remove-source.ts'
import { auditFolders } from '../operations/storage-audit/audit-folders.ts'
import { auditVideo } from '../operations/storage-audit/audit-video.ts'
import { type FindingsPage, toStorageFinding } from '../operations/storage-audit/findings.ts'
import { quarantinePage } from '../operations/storage-audit/quarantine-page.ts'
import { transact } from '../operations/transact.ts'
import { planSweep } from '../operations/uploads.ts'
import { queueQuarantine } from '../repositories/deletions.ts'
import { confirmSweep } from '../repositories/installation.ts'
import { videoIdsAfter } from '../repositories/stored-video.ts'
import { countVideos } from '../repositories/videos.ts'
import { byAdmin } from './guards.ts'

const HOUR_MS = 3600 * 1000
/** Longer than an attempt or the registration of an upload takes: a younger file may still get its row. */
const AUDIT_AGE_MS = HOUR_MS
/** Only older files are moved, so that an operator has a day to notice that something is wrong. */
const SWEEP_AGE_MS = 24 * HOUR_MS

/** Videos of one page, and how many of them are listed in the store at once. */
const VIDEOS = 20
const AT_ONCE = 5
/** Files that one call moves back within the timeout of its caller. */
const RESTORED_FILES = 100

const BEGINNING = ''
const Cursor = z.union([
  z.tuple([z.literal('rows'), z.uuid().or(z.literal(BEGINNING))]),
  z.tuple([z.enum(['videos', 'sources', 'pieces']), z.string().max(300)]),
])
type Cursor = z.output<typeof Cursor>

/** The next step of an audit: first the videos by their rows, then the folders of the store. */
const AFTER: Record<Cursor[0], Cursor | null> = {
  rows: ['videos', BEGINNING],
  videos: ['sources', BEGINNING],
  sources: ['pieces', BEGINNING],
  pieces: null,
}

export function getStorageStatus(ctx: Context): Handler<typeof media.getStorageStatus> {
  return async (_input, { actor }) => {
    if (actor.kind !== 'service') administratorOnly(actor)
    return await storageStatus(ctx)
  }
}

export function adoptStore(ctx: Context): Handler<typeof media.adoptStore> {
  return byAdmin<typeof media.adoptStore>(async ({ installation }) => {
    assertConfirmed(ctx, installation)
    await ctx.ownership.adopt()
    ctx.logger.warn({ installation }, 'an operator adopted the store for this installation')
    return await storageStatus(ctx)
  })
}

export function auditStorage(ctx: Context): Handler<typeof media.auditStorage> {
  return byAdmin<typeof media.auditStorage>(async ({ cursor }) => {
    const { items, looked, nextCursor } = await auditPage(ctx, cursor, AUDIT_AGE_MS)
    return { items: items.map(toStorageFinding), looked, nextCursor }
  })
}

export function sweepStorage(ctx: Context): Handler<typeof media.sweepStorage> {
  return byAdmin<typeof media.sweepStorage>(async ({ installation, cursor }, call) => {
    assertConfirmed(ctx, installation)
    if (!(await ctx.ownership.mayRemove(0))) {
      throw new AppError('INSTALLATION_MISMATCH', { detail: ctx.ownership.status.problem ?? undefined })
    }
    if (cursor === undefined) await confirmSweep(ctx.db)
    const { items, looked, nextCursor } = await auditPage(ctx, cursor, SWEEP_AGE_MS)
    const unknown = items.flatMap((item) => item.unknown)
    const queueAll = async (tx: Tx) => {
      for (const what of unknown) await queueQuarantine(tx, what)
    }
    await transact(ctx, queueAll, { call })
    return { enqueued: unknown.length, looked, nextCursor }
  })
}

export function listQuarantine(ctx: Context): Handler<typeof media.listQuarantine> {
  return byAdmin<typeof media.listQuarantine>(async (query) => {
    return await quarantinePage(ctx, query)
  })
}

export function restoreFromQuarantine(ctx: Context): Handler<typeof media.restoreFromQuarantine> {
  return byAdmin<typeof media.restoreFromQuarantine>(async ({ day, key }) => {
    const done = await restore(ctx.store, day, key, RESTORED_FILES)
    if (done.restored > 0) await recallRestoredSource(ctx, key)
    return done
  })
}

/** Throws unless the operator named this installation. */
function assertConfirmed({ ownership, config }: Context, name: string): void {
  const own = installationName(ownership.status.installation ?? '')
  if (name === own) return
  throw new AppError('INSTALLATION_MISMATCH', { detail: `This is installation ${own} at ${config.PUBLIC_URL}` })
}

async function storageStatus(ctx: Context): Promise<StorageStatus> {
  await ctx.ownership.compare()
  const { installation, storeInstallation, state, problem } = ctx.ownership.status
  const { waiting } = await planSweep(ctx)
  return {
    installation: installation ?? '',
    name: installationName(installation ?? ''),
    publicUrl: ctx.config.PUBLIC_URL,
    state,
    problem,
    storeInstallation,
    videos: await countVideos(ctx.db),
    sweepWaiting: waiting,
    quarantineDays: ctx.config.QUARANTINE_DAYS,
  }
}

async function auditPage(
  ctx: Context,
  cursor: string | undefined,
  ageMs: number,
): Promise<FindingsPage & { nextCursor: string | null }> {
  const [step, after]: Cursor = cursor === undefined ? ['rows', BEGINNING] : decodeCursor(cursor, Cursor)
  const before = (await storeTime(ctx.store)) - ageMs
  const page = step === 'rows' ? await auditVideos(ctx, after, before) : await auditFolders(ctx, step, after, before)
  const next = page.last === null ? AFTER[step] : [step, page.last]
  return { ...page, nextCursor: next && encodeCursor(next) }
}

async function auditVideos(ctx: Context, after: string, before: number): Promise<FindingsPage> {
  const ids = await videoIdsAfter(ctx.db, after === BEGINNING ? undefined : after, VIDEOS)
  const items: FindingsPage['items'] = []
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const found = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => auditVideo(ctx, id, before)))
    items.push(...found.flat())
  }
  return { items, looked: ids.length, last: ids.length === VIDEOS ? (ids.at(-1) ?? null) : null }
}
