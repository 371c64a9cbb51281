import { parse } from 'node:path/posix'
import { media, OneVideo, Passport } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { attachment } from '../http/content-disposition.ts'
import { parseFields } from '../http/read-input.ts'
import { sendStoredFile } from '../playback/send-stored-file.ts'
import { FILE_ERRORS, fileAnswers, type HandRoute, tagged } from './route.ts'

const video = '/v1/videos/:videoId'
const read = { auth: 'required', scope: 'videos:read', project: 'read', limit: 'general' } as const
const write = { auth: 'required', scope: 'videos:write', project: 'edit', limit: 'general' } as const
const share = { auth: 'required', scope: 'playback:write', project: 'edit', limit: 'general' } as const
/** Everybody may read a public or unlisted video. */
const look = { ...read, auth: 'optional' } as const

const rows = tagged('Videos', [
  { method: 'post', path: '/v1/videos', rpc: media.createVideo, ...write, status: 201 },
  { method: 'get', path: '/v1/videos', rpc: media.listVideos, ...read, status: 200 },
  { method: 'get', path: video, rpc: media.getVideo, ...look, status: 200, conditional: true },
  { method: 'patch', path: video, rpc: media.updateVideo, ...write, status: 200, conditional: true },
  { method: 'delete', path: video, rpc: media.deleteVideo, ...write, status: 204, conditional: true },
  { method: 'post', path: `${video}/retry`, rpc: media.retryVideo, ...write, status: 202, idempotencyKey: true },
  { method: 'post', path: `${video}/poster`, rpc: media.choosePoster, ...write, status: 202 },
  { method: 'post', path: `${video}/clips`, rpc: media.createClip, ...write, status: 201 },
  { method: 'get', path: `${video}/timeline`, rpc: media.getTimeline, ...read, status: 200 },
])

const links = tagged('Playback links', [
  { method: 'post', path: `${video}/revoke-delivery`, rpc: media.revokeDelivery, ...share, status: 200 },
  { method: 'post', path: `${video}/playback-tokens`, rpc: media.createPlaybackToken, ...share, status: 201 },
  {
    method: 'delete',
    path: `${video}/playback-tokens/:tokenId`,
    rpc: media.revokePlaybackToken,
    ...share,
    status: 204,
  },
])

export const videos = [...rows, ...links]

const { input, errors, summary, description } = media.getTaskLog
const Params = input.pick({ videoId: true, taskId: true })
const Query = input.pick({ attempt: true })

export const taskLog = tagged('Videos', [
  {
    method: 'get',
    path: '/v1/videos/:videoId/tasks/:taskId/log',
    auth: 'required',
    scope: 'videos:read',
    project: 'read',
    limit: 'general',
    name: 'getTaskLog',
    summary,
    description,
    params: Params,
    query: Query,
    answers: { 200: { description: 'At most 64 KiB', content: { 'text/plain': 'text' } } },
    errors,
    handle: sendTaskLog,
  },
])

function sendTaskLog(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    const asked = { ...parseFields(Params, req.params), ...parseFields(Query, req.query) }
    const { log } = await ctx.rpc(media.getTaskLog, asked, call)
    res.setHeader('Content-Type', 'text/plain; charset=utf-8')
    res.setHeader('Cache-Control', 'no-store')
    res.end(log)
  }
}

export const storedFiles = tagged('Videos', [
  {
    method: 'get',
    path: '/v1/videos/:videoId/passport',
    auth: 'required',
    scope: 'videos:read',
    project: 'read',
    limit: 'general',
    name: 'getPassport',
    summary: 'Get the passport of a video',
    description:
      'What a ready video was made from and with which programs, the hashes of its files, and the result of its check.',
    params: OneVideo,
    answers: fileAnswers(
      'The passport, as it was written when the video became ready',
      { 'application/json': Passport },
      ['Repr-Digest'],
    ),
    errors: [...media.findPassport.errors, ...FILE_ERRORS],
    handle: sendPassport,
  },
  {
    method: 'get',
    path: '/v1/videos/:videoId/source',
    auth: 'required',
    scope: 'videos:read',
    project: 'edit',
    limit: 'general',
    name: 'downloadSource',
    summary: 'Download the uploaded file of a video',
    description:
      'Byte for byte as it arrived, with all of its metadata. For those who may edit the video. That of a clip is the whole file that it was cut from.',
    params: OneVideo,
    answers: fileAnswers('The file', { 'application/octet-stream': 'binary' }, ['Content-Disposition', 'Repr-Digest']),
    errors: [...media.findSource.errors, ...FILE_ERRORS],
    handle: sendSource,
  },
])

function sendSource(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    const { videoId } = parseFields(OneVideo, req.params)
    const { storageKey, filename, title, sha256 } = await ctx.rpc(media.findSource, { videoId }, call)
    const { name, ext } = parse(filename ?? title)
    res.setHeader('Content-Disposition', filename === null ? attachment(title, '') : attachment(name, ext))
    res.setHeader('Repr-Digest', digestOf(sha256))
    const file = {
      key: storageKey,
      contentType: 'application/octet-stream',
      scope: 'private',
      maxAgeSeconds: 0,
      traffic: 'download',
    } as const
    await sendStoredFile(req, res, ctx, file)
  }
}

/** `Repr-Digest` (RFC 9530) of these bytes; the hash is in hexadecimal. */
function digestOf(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
}

/** From storage, byte for byte. */
function sendPassport(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    const { videoId } = parseFields(OneVideo, req.params)
    const { storageKey, sha256 } = await ctx.rpc(media.findPassport, { videoId }, call)
    res.setHeader('Repr-Digest', digestOf(sha256))
    const file = { key: storageKey, contentType: 'application/json', scope: 'private', maxAgeSeconds: 0 } as const
    await sendStoredFile(req, res, ctx, file)
  }
}
