import { MAX_WARNINGS, type SourceFacts, type Video, type Warning, type WebFile } from '@kinora/common/contracts'
import { type SelectQueryBuilder, sql } from 'kysely'
import type { MediaDb, Tx, VideoRow } from '../db/schema.ts'
import type { StoredAudioTrack, VideoPlan } from '../db/stored.ts'
import type { VideoState } from '../domain/video-state.ts'

/** The video, locked until the commit. */
export async function lockVideo(tx: Tx, videoId: string): Promise<VideoRow | undefined> {
  return await lock(tx, videoId).executeTakeFirst()
}

/** The same for a video whose progress was published more than `everyMs` ago, unless another transaction has it. */
export async function lockVideoForProgress(tx: Tx, videoId: string, everyMs: number): Promise<VideoRow | undefined> {
  return await lock(tx, videoId)
    .where('progress_said_at', '<=', sql<Date>`now() - make_interval(secs => ${everyMs / 1000})`)
    .skipLocked()
    .executeTakeFirst()
}

/** `no key`: rows that refer to the video (tasks, tokens) may be added meanwhile. */
function lock(tx: Tx, videoId: string): SelectQueryBuilder<MediaDb, 'videos', VideoRow> {
  return tx.selectFrom('videos').selectAll().where('id', '=', videoId).forNoKeyUpdate()
}

/** @param published what else is stored with a state that an event publishes; null where none does */
export async function storeState(
  tx: Tx,
  row: VideoRow,
  state: VideoState,
  published: { finishEstimate: Date | null } | null,
): Promise<VideoRow> {
  const readyNow = state.status === 'ready' && row.ready_at === null
  return await tx
    .updateTable('videos')
    .set((eb) => ({
      sequence: sql<number>`sequence + 1`,
      status: state.status,
      playable: state.playable,
      stage: state.stage,
      percent: published ? state.percent : eb.ref('percent'),
      error: state.error && JSON.stringify(state.error),
      material: state.material,
      updated_at: sql<Date>`now()`,
      ...(published && { progress_said_at: sql<Date>`now()`, finish_estimate: published.finishEstimate }),
      ...(readyNow && { ready_at: sql<Date>`now()` }),
    }))
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export interface Source {
  uploadId: string
  storageKey: string
  filename: string | null
  bytes: number
  sha256: string
}

export async function recordSource(tx: Tx, videoId: string, source: Source, webFile: WebFile | null): Promise<void> {
  await tx
    .updateTable('videos')
    .set({
      upload_id: source.uploadId,
      source_key: source.storageKey,
      source_filename: source.filename,
      source_bytes: source.bytes,
      source_sha256: source.sha256,
      web_file: webFile && JSON.stringify(webFile),
      status: 'uploaded',
    })
    .where('id', '=', videoId)
    .execute()
}

export async function recordPlan(
  tx: Tx,
  videoId: string,
  {
    facts,
    plan,
    renditions,
    audioTracks,
  }: {
    facts: SourceFacts
    plan: VideoPlan
    renditions: Video['renditions']
    audioTracks: readonly StoredAudioTrack[]
  },
): Promise<void> {
  await tx
    .updateTable('videos')
    .set({
      facts: JSON.stringify(facts),
      plan: JSON.stringify(plan),
      renditions: JSON.stringify(renditions),
      audio_tracks: JSON.stringify(audioTracks),
    })
    .where('id', '=', videoId)
    .execute()
}

/** The video goes on without the rendition in HEVC, of which nothing was recorded. For a video whose row is locked. */
export async function dropHevcRung(tx: Tx, videoId: string): Promise<void> {
  const query = tx.selectFrom('videos').select(['plan', 'renditions']).where('id', '=', videoId)
  const { plan, renditions } = await query.executeTakeFirstOrThrow()
  if (!plan?.hevc) return
  const { hevc, ...rest } = plan
  await tx
    .updateTable('videos')
    .set({
      plan: JSON.stringify(rest),
      renditions: JSON.stringify(renditions.filter(({ name }) => name !== hevc.name)),
    })
    .where('id', '=', videoId)
    .execute()
}

/** Adds warnings that the video does not have yet. For a video whose row is locked. */
export async function addWarnings(tx: Tx, videoId: string, warnings: readonly Warning[]): Promise<void> {
  if (warnings.length === 0) return
  const query = tx.selectFrom('videos').select('warnings').where('id', '=', videoId)
  const { warnings: known } = await query.executeTakeFirstOrThrow()
  const isNew = ({ code, detail }: Warning) => !known.some((other) => other.code === code && other.detail === detail)
  const all = [...known, ...warnings.filter(isNew)].slice(0, MAX_WARNINGS)
  await tx
    .updateTable('videos')
    .set({ warnings: JSON.stringify(all) })
    .where('id', '=', videoId)
    .execute()
}

/** Removes these, which are no longer true. */
export async function dropWarnings(tx: Tx, videoId: string, warnings: readonly Warning[]): Promise<void> {
  const query = tx.selectFrom('videos').select('warnings').where('id', '=', videoId)
  const { warnings: known } = await query.executeTakeFirstOrThrow()
  const left = known.filter((one) => !warnings.some(({ code, detail }) => one.code === code && one.detail === detail))
  if (left.length === known.length) return
  await tx
    .updateTable('videos')
    .set({ warnings: JSON.stringify(left) })
    .where('id', '=', videoId)
    .execute()
}

/** For an event about the video that does not change its row otherwise. */
export async function incrementSequence(tx: Tx, videoId: string): Promise<void> {
  await sql`update videos set sequence = sequence + 1 where id = ${videoId}`.execute(tx)
}
