import type { Bus } from '@kinora/common/bus'
import type { Handlers } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { auditStorage } from './audit-storage.ts'
import { beginWatermark } from './begin-watermark.ts'
import { putCaptions } from './captions.ts'
import { deleteWatermark, putWatermark } from './change-watermark.ts'
import { deleteChapters, getChapters, putChapters } from './chapters.ts'
import { claimTask } from './claim-task.ts'
import { completeUpload } from './complete-upload.ts'
import { createClip } from './create-clip.ts'
import { createPlaybackToken } from './create-playback-token.ts'
import { createVideo } from './create-video.ts'
import { deleteCaptions } from './delete-captions.ts'
import { deleteVideo } from './delete-video.ts'
import { findPassport } from './find-passport.ts'
import { getTaskLog } from './get-task-log.ts'
import { getWatermark } from './get-watermark.ts'
import { limitHandlers } from './limit-index.ts'
import { listCaptions } from './list-captions.ts'
import { listPlaybackTokens } from './list-playback-tokens.ts'
import { listVideos } from './list-videos.ts'
import { parked } from './parked-index.ts'
import { choosePoster } from './pictures.ts'
import { authorizePlayback } from './playback.ts'
import { prepareDownload } from './prepare-download.ts'
import { releaseTask } from './release-task.ts'
import { retryVideo } from './retry-video.ts'
import { revokePlaybackToken } from './revoke-playback-token.ts'
import { listTasks } from './tasks.ts'
import { getTimeline } from './timeline.ts'
import { updateVideo } from './update-video.ts'
import { uploadHandlers } from './upload-index.ts'
import { beginUpload } from './uploads.ts'
import { getVideo } from './videos.ts'
import { webhookHandlers } from './webhook-index.ts'

export function handlers(ctx: Context, bus: Bus): Handlers<typeof media> {
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
    auditStorage: auditStorage(ctx),
    claimTask: claimTask(ctx),
    releaseTask: releaseTask(ctx),
    ...limitHandlers(ctx),
    ...parked(ctx, bus),
    ...uploadHandlers(ctx),
    ...webhookHandlers(ctx),
  }
}
