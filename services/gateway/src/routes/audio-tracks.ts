import { AddedAudioTrack, media, Video } from '@kinora/common/contracts'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { sendJson } from '../http/mount.ts'
import { parseFields } from '../http/read-input.ts'
import { describeBody, RECEIVE_ERRORS, receiveFile } from '../uploads/receive-source.ts'
import { isRefusal } from '../uploads/register-upload.ts'
import { type HandRoute, tagged } from './route.ts'

const path = '/v1/videos/:videoId/audio/:trackId'
const write = { auth: 'required', scope: 'videos:write', project: 'edit' } as const
const Params = media.deleteAudioTrack.input
const Query = AddedAudioTrack.extend({
  audioDescription: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Whether it describes the frames to people who do not see them.', example: 'false' }),
})

export const audioTracks = tagged('Videos', [
  { ...write, method: 'patch', path, rpc: media.updateAudioTrack, limit: 'general', status: 200 },
  {
    ...write,
    method: 'put',
    path,
    limit: 'upload',
    name: 'putAudioTrack',
    summary: media.putAudioTrack.summary,
    description: media.putAudioTrack.description,
    params: Params,
    query: Query,
    requestBody: { description: 'The file', contentType: 'audio/*', binary: true },
    answers: { 202: { description: 'Stored; the track is processed', content: { 'application/json': Video } } },
    errors: [...new Set([...media.beginAudioTrack.errors, ...media.putAudioTrack.errors, ...RECEIVE_ERRORS])],
    handle: putAudioTrack,
  },
  { ...write, method: 'delete', path, rpc: media.deleteAudioTrack, limit: 'general', status: 204 },
])

/** Calls media twice: before the body is read, and when the file is stored, because the video may have changed meanwhile. */
function putAudioTrack(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { call } = caller
    const track = parseFields(Params, req.params)
    const query = parseFields(Query, req.query)
    const about = { ...query, audioDescription: query.audioDescription === 'true' }
    const { contentType, bytes: expectedBytes } = describeBody(req)
    const begun = await ctx.rpc(media.beginAudioTrack, { ...track, contentType, bytes: expectedBytes }, call)
    const { uploadId, storageKey, maxBytes, projectId } = begun
    const file = { uploadId, storageKey, maxBytes, expectedBytes, projectId }
    const { bytes, sha256 } = await receiveFile(ctx, req, res, caller, file)
    const added = await ctx
      .rpc(media.putAudioTrack, { ...track, ...about, uploadId, bytes, sha256 }, call)
      .catch(async (error) => {
        if (isRefusal(error)) {
          await ctx.store.remove(storageKey)
          ctx.rpc(media.abandonUpload, { uploadId }, call).catch(() => {})
        }
        throw error
      })
    sendJson(res, 202, added)
  }
}
