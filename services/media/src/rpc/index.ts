import type { Bus } from '@kinora/common/bus'
import type { Handler, Handlers, Method } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { limitHandlers } from '../limits/rpc/index.ts'
import { uploadHandlers } from '../uploads/rpc/index.ts'
import { webhookHandlers } from '../webhooks/rpc/index.ts'
import { authorizePlayback } from './authorize-playback.ts'
import { beginUpload } from './begin-upload.ts'
import { claimTask } from './claim-task.ts'
import { completeUpload } from './complete-upload.ts'
import { createClip } from './create-clip.ts'
import { createPlaybackToken } from './create-playback-token.ts'
import { createVideo } from './create-video.ts'
import { deleteVideo } from './delete-video.ts'
import { findPassport } from './find-passport.ts'
import { getTaskLog } from './get-task-log.ts'
import { getTimeline } from './get-timeline.ts'
import { getVideo } from './get-video.ts'
import { listPlaybackTokens } from './list-playback-tokens.ts'
import { listTasks } from './list-tasks.ts'
import { listVideos } from './list-videos.ts'
import { parked } from './parked/index.ts'
import { prepareDownload } from './prepare-download.ts'
import { deleteChapters, getChapters, putChapters } from './presentation/chapters.ts'
import { choosePoster } from './presentation/choose-poster.ts'
import { deleteCaptions } from './presentation/delete-captions.ts'
import { listCaptions } from './presentation/list-captions.ts'
import { putCaptions } from './presentation/put-captions.ts'
import { releaseTask } from './release-task.ts'
import { retryVideo } from './retry-video.ts'
import { revokePlaybackToken } from './revoke-playback-token.ts'
import {
  adoptStore,
  auditStorage,
  getStorageStatus,
  listQuarantine,
  restoreFromQuarantine,
  sweepStorage,
} from './storage.ts'
import { updateVideo } from './update-video.ts'
import { beginWatermark } from './watermark/begin-watermark.ts'
import { deleteWatermark, putWatermark } from './watermark/change-watermark.ts'
import { getWatermark } from './watermark/get-watermark.ts'

/** What is answered whatever store there is: an operator puts right with these what does not match. */
const ALWAYS: ReadonlySet<string> = new Set(['getStorageStatus', 'adoptStore'])

/** All of media's methods; all but a few are refused while the store is not known to be the database's. */
export function handlers(ctx: Context, bus: Bus): Handlers<typeof media> {
  const entries = Object.entries<Handler<Method>>(allHandlers(ctx, bus)).map(([name, handle]) => [
    name,
    ALWAYS.has(name) ? handle : whileUsable(ctx, handle),
  ])
  return Object.fromEntries(entries)
}

function whileUsable({ ownership }: Context, handle: Handler<Method>): Handler<Method> {
  return async (input, call) => {
    ownership.assertUsable()
    return await handle(input, call)
  }
}

function allHandlers(ctx: Context, bus: Bus): Handlers<typeof media> {
  return {
    createVideo: createVideo(ctx),
    getVideo: getVideo(ctx),
    listVideos: listVideos(ctx),
    updateVideo: updateVideo(ctx),
    deleteVideo: deleteVideo(ctx),
    beginUpload: beginUpload(ctx),
    completeUpload: completeUpload(ctx),
    retryVideo: retryVideo(ctx),
    getTimeline: getTimeline(ctx),
    findPassport: findPassport(ctx),
    getTaskLog: getTaskLog(ctx),
    choosePoster: choosePoster(ctx),
    putCaptions: putCaptions(ctx),
    listCaptions: listCaptions(ctx),
    deleteCaptions: deleteCaptions(ctx),
    putChapters: putChapters(ctx),
    getChapters: getChapters(ctx),
    deleteChapters: deleteChapters(ctx),
    beginWatermark: beginWatermark(ctx),
    putWatermark: putWatermark(ctx),
    getWatermark: getWatermark(ctx),
    deleteWatermark: deleteWatermark(ctx),
    createPlaybackToken: createPlaybackToken(ctx),
    revokePlaybackToken: revokePlaybackToken(ctx),
    listPlaybackTokens: listPlaybackTokens(ctx),
    authorizePlayback: authorizePlayback(ctx),
    prepareDownload: prepareDownload(ctx),
    createClip: createClip(ctx),
    listTasks: listTasks(ctx),
    getStorageStatus: getStorageStatus(ctx),
    adoptStore: adoptStore(ctx),
    auditStorage: auditStorage(ctx),
    sweepStorage: sweepStorage(ctx),
    listQuarantine: listQuarantine(ctx),
    restoreFromQuarantine: restoreFromQuarantine(ctx),
    claimTask: claimTask(ctx),
    releaseTask: releaseTask(ctx),
    ...limitHandlers(ctx),
    ...parked(ctx, bus),
    ...uploadHandlers(ctx),
    ...webhookHandlers(ctx),
  }
}
