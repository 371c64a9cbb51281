import { randomUUID } from 'node:crypto'
import type { EventData } from '@kinora/common/contract'
import type { events, TaskResult, Video, Warning } from '@kinora/common/contracts'
import { firstTimeSeen } from '@kinora/common/db'
import { keys } from '@kinora/common/storage'
import type { MediaConfig } from '../config.ts'
import type { Context } from '../context.ts'
import type { TaskRow, Tx, VideoRow } from '../db/schema.ts'
import { audioTracksOf } from '../domain/audio-tracks.ts'
import { factsOf } from '../domain/clip.ts'
import { overlayOf, planSourceVideo, planTasks, subtitlesTasks } from '../domain/plan.ts'
import { allRungs } from '../domain/presentation.ts'
import { checkResult, remainingWork } from '../domain/segments.ts'
import { chaptersOf } from '../domain/timed-text.ts'
import { durationFault } from '../domain/upload-links.ts'
import { folderOf } from '../domain/video-facts.ts'
import { changeTimedText, changeVideo } from '../operations/change-video.ts'
import { attemptFailed } from '../operations/end-attempt.ts'
import { lengthRefusal } from '../operations/limits.ts'
import { writePassport } from '../operations/passport.ts'
import {
  discardPrepared,
  type PreparedCaptions,
  prepareSourceCaptions,
  recordSourceCaptions,
} from '../operations/source-captions.ts'
import { planSpeculation, takeOverSpeculation } from '../operations/speculative-segments.ts'
import { endStill } from '../operations/stills.ts'
import { addTranscripts, prepareTranscript, recordTranscript, transcriptFailed } from '../operations/transcripts.ts'
import { typeRefusal } from '../operations/upload-links.ts'
import { recordPoster, recordStoryboard } from '../repositories/pictures.ts'
import { discardFiles, replaceParts, writtenBefore, writtenParts } from '../repositories/segments.ts'
import { recordLog, recordTools } from '../repositories/task-attempts.ts'
import { addTasks, completeAttempt, findTask, holdsLease, type Lease } from '../repositories/tasks.ts'
import { setSourceChapters } from '../repositories/timed-texts.ts'
import { addWarnings, dropWarnings, recordPlan } from '../repositories/video-states.ts'

/**
 * A worker has written all files of an attempt. Only the attempt that holds the lease counts. The files of a late one are
 * removed, unless they were recorded while it held the lease. The playlists follow after the commit, because they may
 * show committed facts only.
 */
export async function taskFinished(
  ctx: Context,
  { result, warnings = [], tools, log, ...lease }: EventData<(typeof events)['task.finished']>,
  eventId: string,
): Promise<void> {
  const task = await findTask(ctx.db, lease.taskId)
  // Its video was deleted, and with it the attempt's files.
  if (!task) return
  const prepared = await prepareCaptions(ctx, task, lease.attempt, result)
  const change = result.kind === 'subtitles' || result.kind === 'transcribe' ? changeTimedText : changeVideo
  await change(ctx, task.video_id, async (tx, video) => {
    if (!(await firstTimeSeen(tx, eventId))) return await discardPrepared(tx, video, prepared.captions)
    const current = await findTask(tx, lease.taskId)
    if (!current) return
    if (tools && holdsLease(current, lease)) await recordTools(tx, lease, tools)
    if (log !== undefined) await recordLog(tx, lease, log)
    const outcome = holdsLease(current, lease)
      ? await finish(ctx, { tx, video, task: current, lease, warnings, prepared }, result)
      : await discard(tx, current, lease)
    if (outcome === 'done') await addWarnings(tx, video.id, prepared.warnings)
    else await discardPrepared(tx, video, prepared.captions)
    ctx.metrics.attempts.inc({ kind: current.kind, outcome })
  })
}

async function prepareCaptions(ctx: Context, task: TaskRow, attempt: number, result: TaskResult) {
  if (result.kind === 'transcribe') return await prepareTranscript(ctx, task, attempt, result)
  return await prepareSourceCaptions(ctx, task, attempt, result)
}

/** An attempt that holds its lease, under the lock of its video. */
interface Attempt {
  tx: Tx
  video: VideoRow
  task: TaskRow
  lease: Lease
  warnings: Warning[]
  /** What was read of subtitle tracks, or of a transcript. */
  prepared: PreparedCaptions
}

async function finish(ctx: Context, attempt: Attempt, result: TaskResult): Promise<'done' | 'failed'> {
  const { tx, video, task, lease, warnings } = attempt
  const { parts } = await writtenParts(tx, video.id)
  const asked = remainingWork(task.params, await writtenBefore(tx, lease))
  const fault = checkResult(asked, result, parts) ?? (await sourceFaultOf(ctx, attempt, result))
  if (fault) {
    ctx.logger.warn({ taskId: task.id, attempt: task.attempt, code: fault.code }, 'the result of a task was refused')
    await attemptFailed(tx, task, lease, fault)
    return 'failed'
  }
  await completeAttempt(tx, lease)
  // Those of a speculative task are about the beginning of the file alone.
  if (task.early_share === null) await addWarnings(tx, video.id, warnings)
  await record(result.kind, ctx, attempt, result)
  return 'done'
}

/** A speculative probe estimates the length, so only the probe of the whole source is checked. */
async function sourceFaultOf(ctx: Context, { tx, video, task }: Attempt, result: TaskResult) {
  if (result.kind !== 'probe' || task.early_share !== null) return null
  const { durationSeconds } = factsOf(video, result.facts)
  return (
    (await typeRefusal(tx, video, result.facts)) ??
    durationFault(video.max_duration_seconds, durationSeconds) ??
    (await lengthRefusal(ctx, tx, video.project_id, durationSeconds))
  )
}

type ResultOf = { [R in TaskResult as R['kind']]: R }
type Recorder<K extends keyof ResultOf> = (ctx: Context, attempt: Attempt, result: ResultOf[K]) => Promise<void>

/** What the result of each kind of task changes. */
const RECORDERS: { [K in keyof ResultOf]: Recorder<K> } = {
  probe: recordProbe,
  audio: async (_ctx, { tx, lease }, result) => await replaceParts(tx, lease, result),
  video: async (_ctx, { tx, lease }, result) => await replaceParts(tx, lease, result),
  poster: async (_ctx, { tx, video }, { posterKey }) => await recordPoster(tx, video, posterKey),
  storyboard: async (_ctx, { tx, video, task }) => {
    if (task.params.kind !== 'storyboard') return
    const folderKey = keys.attempt(folderOf(video), task.id, task.attempt)
    await recordStoryboard(tx, video.id, { ...task.params.grid, folderKey })
  },
  subtitles: async (_ctx, { tx, video, lease, prepared }) =>
    await recordSourceCaptions(
      tx,
      video,
      keys.attempt(folderOf(video), lease.taskId, lease.attempt),
      prepared.captions,
    ),
  transcribe: async (_ctx, { tx, video, task, lease, prepared }, result) => {
    await dropWarnings(tx, video.id, task.params.kind === 'transcribe' ? transcriptFailed(task.params) : [])
    await recordTranscript(tx, { video, task, attempt: lease.attempt }, result, prepared)
  },
  still: async (_ctx, { tx, task }, { bytes }) => await endStill(tx, task, bytes),
  finalise: async (ctx, { tx, video }, result) => {
    await writePassport(ctx, tx, video, result)
    // A source that is to replace another gets its transcripts when it has.
    if (video.replaces === null) await addTranscripts(tx, video, ctx.config)
  },
  // The file has its place by the number of the attempt.
  download: async () => {},
}

async function record<K extends keyof ResultOf>(kind: K, ctx: Context, attempt: Attempt, result: ResultOf[K]) {
  await RECORDERS[kind](ctx, attempt, result)
}

async function recordProbe(ctx: Context, { tx, video, task }: Attempt, result: ResultOf['probe']): Promise<void> {
  const { early_share: share, params } = task
  if (share !== null) {
    if (params.kind !== 'probe') return
    return await planSpeculation(tx, video, result, { key: params.sourceKey, share }, ctx.config)
  }
  const facts = factsOf(video, result.facts)
  await planSource(tx, video, { ...result, facts }, ctx.config)
  const { source_key: sourceKey } = video
  if (result.subtitles && sourceKey !== null) {
    await addTasks(tx, video.id, subtitlesTasks({ facts, sourceKey }, result.subtitles))
  }
  const items = chaptersOf(result.chapters ?? [], facts)
  if (items.length > 0) await setSourceChapters(tx, video.id, { id: randomUUID(), items })
}

async function discard(tx: Tx, task: TaskRow, lease: Lease): Promise<'late'> {
  // The same event under another id must not remove the files of the attempt that counts.
  const superseded = lease.attempt < task.attempt || task.state === 'cancelled' || task.state === 'failed'
  if (superseded) await discardFiles(tx, task.video_id, lease)
  return 'late'
}

/** Turns the facts that the probe found into a plan and all its tasks. */
async function planSource(
  tx: Tx,
  video: VideoRow,
  { facts, cuts }: Pick<ResultOf['probe'], 'facts' | 'cuts'>,
  { MAX_RENDITION, REMUX }: Pick<MediaConfig, 'MAX_RENDITION' | 'REMUX'>,
): Promise<void> {
  const sourceKey = video.source_key
  if (sourceKey === null) throw new Error('a probed video has no source')
  const { plan, remux } = planSourceVideo(facts, cuts, {
    ...{ maxShortSide: MAX_RENDITION, watermark: overlayOf(video.watermark), remux: REMUX },
  })
  const renditions: Video['renditions'] = allRungs(plan).map(({ name, width, height }) => {
    return { name, width, height, bitrate: null, status: 'processing' }
  })
  await recordPlan(tx, video.id, { facts, plan, renditions, audioTracks: audioTracksOf(facts) })
  const planned = planTasks(plan, facts, sourceKey, keys.videoFolder(folderOf(video)), remux)
  await addTasks(tx, video.id, await takeOverSpeculation(tx, video, planned))
}
