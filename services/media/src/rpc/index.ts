import type { Bus } from '@kinora/common/bus'
import type { Handler, Handlers, Method } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { beginAudioTrack, deleteAudioTrack, putAudioTrack, updateAudioTrack } from './audio-tracks.ts'
import { deleteCaptions, deleteChapters, getChapters, listCaptions, putCaptions, putChapters } from './captions.ts'
import { claimTask } from './claim-task.ts'
import { createClip } from './create-clip.ts'
import { createUpload } from './create-upload.ts'
import { authorizeSource } from './instant-playback.ts'
import { getProjectUsage, getUsage, getUserUsage, updateProjectLimits, updateUserLimits } from './limits.ts'
import { discardParked, getParked, listParked, redriveParked } from './parked.ts'
import { beginWatermark, choosePoster, deleteWatermark, getWatermark, putWatermark } from './pictures.ts'
import {
  authorizePlayback,
  createPlaybackToken,
  listPlaybackRevocations,
  listPlaybackTokens,
  prepareDownload,
  revokeDelivery,
  revokePlaybackToken,
} from './playback.ts'
import { createPlaybackKey, getPlaybackKey, listPlaybackKeys, retirePlaybackKey } from './playback-keys.ts'
import { prepareStill } from './stills.ts'
import {
  adoptStore,
  auditStorage,
  getStorageStatus,
  listQuarantine,
  restoreFromQuarantine,
  sweepStorage,
} from './storage.ts'
import { findVideos, inspectVideo, listVideoDeliveries, retryAnyVideo } from './support.ts'
import { getTaskLog, listTasks, releaseTask } from './tasks.ts'
import {
  beginLinkUpload,
  createLinkUpload,
  createUploadLink,
  getLinkVideo,
  getUploadLink,
  listUploadLinks,
  openUploadLink,
  revokeUploadLink,
} from './upload-links.ts'
import { beginPiece, endPiece } from './upload-parts.ts'
import { abandonUpload, beginHeadStart, beginUpload, completeUpload, keepUpload, settleUpload } from './uploads.ts'
import {
  createVideo,
  deleteVideo,
  findPassport,
  findSource,
  getTimeline,
  getVideo,
  listVideos,
  retryVideo,
  updateVideo,
} from './videos.ts'
import {
  createWebhook,
  deleteWebhook,
  listWebhookDeliveries,
  listWebhooks,
  redeliverWebhook,
  rotateWebhookSecret,
  testWebhook,
  updateWebhook,
} from './webhooks.ts'

/** Methods that work with any store, so that an operator can repair a mismatch. */
const ALWAYS: ReadonlySet<string> = new Set(['getStorageStatus', 'adoptStore'])

/** All methods of media. All but two are refused while store and database are not known to belong together. */
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
    updateAudioTrack: updateAudioTrack(ctx),
    beginAudioTrack: beginAudioTrack(ctx),
    putAudioTrack: putAudioTrack(ctx),
    deleteAudioTrack: deleteAudioTrack(ctx),
    retryVideo: retryVideo(ctx),
    getTimeline: getTimeline(ctx),
    findPassport: findPassport(ctx),
    findSource: findSource(ctx),
    findVideos: findVideos(ctx),
    inspectVideo: inspectVideo(ctx),
    retryAnyVideo: retryAnyVideo(ctx),
    listVideoDeliveries: listVideoDeliveries(ctx),
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
    revokeDelivery: revokeDelivery(ctx),
    listPlaybackRevocations: listPlaybackRevocations(ctx),
    createPlaybackKey: createPlaybackKey(ctx),
    listPlaybackKeys: listPlaybackKeys(ctx),
    retirePlaybackKey: retirePlaybackKey(ctx),
    getPlaybackKey: getPlaybackKey(ctx),
    authorizePlayback: authorizePlayback(ctx),
    prepareDownload: prepareDownload(ctx),
    authorizeSource: authorizeSource(ctx),
    prepareStill: prepareStill(ctx),
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
    getUsage: getUsage(ctx),
    getUserUsage: getUserUsage(ctx),
    updateUserLimits: updateUserLimits(ctx),
    getProjectUsage: getProjectUsage(ctx),
    updateProjectLimits: updateProjectLimits(ctx),
    listParked: listParked(ctx),
    getParked: getParked(ctx),
    redriveParked: redriveParked(ctx, bus),
    discardParked: discardParked(ctx),
    createUpload: createUpload(ctx),
    settleUpload: settleUpload(ctx),
    beginPiece: beginPiece(ctx),
    endPiece: endPiece(ctx),
    beginHeadStart: beginHeadStart(ctx),
    keepUpload: keepUpload(ctx),
    abandonUpload: abandonUpload(ctx),
    createUploadLink: createUploadLink(ctx),
    listUploadLinks: listUploadLinks(ctx),
    getUploadLink: getUploadLink(ctx),
    revokeUploadLink: revokeUploadLink(ctx),
    openUploadLink: openUploadLink(ctx),
    beginLinkUpload: beginLinkUpload(ctx),
    createLinkUpload: createLinkUpload(ctx),
    getLinkVideo: getLinkVideo(ctx),
    listWebhooks: listWebhooks(ctx),
    createWebhook: createWebhook(ctx),
    updateWebhook: updateWebhook(ctx),
    deleteWebhook: deleteWebhook(ctx),
    rotateWebhookSecret: rotateWebhookSecret(ctx),
    testWebhook: testWebhook(ctx),
    listWebhookDeliveries: listWebhookDeliveries(ctx),
    redeliverWebhook: redeliverWebhook(ctx),
  }
}
