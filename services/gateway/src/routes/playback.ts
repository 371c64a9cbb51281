import { posix } from 'node:path'
import type { PlaybackGrant } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, MASTER_PLAYLIST, WAVEFORM_FILE } from '@kinora/common/storage'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { FILE_HEADERS, TEXT_HEADERS } from '../http/openapi-headers.ts'
import { parseFields } from '../http/read-input.ts'
import { GRANT_ERRORS, grantFor, Reference, scopeOf } from '../playback/grants.ts'
import { listedWidth, PICTURE_TYPES, POSTER_WIDTHS, posterVariant } from '../playback/images.ts'
import {
  limitHeight,
  playedFile,
  versionFolder,
  versionPrefix,
  withSharedUris,
  withVersion,
} from '../playback/played-file.ts'
import { sendStoredFile } from '../playback/send-stored-file.ts'
import { sendPlaylist } from '../playback/send-text.ts'
import { FILE_ERRORS, fileAnswers, type HandRoute, tagged, textAnswers } from './route.ts'

const PosterParams = z.strictObject({
  reference: Reference.meta({
    description: 'Playback token, or the id of a public or unlisted video.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
  format: z.enum(['jpg', 'webp', 'avif']).meta({ description: 'File format.', example: 'jpg' }),
})
const PosterQuery = z.strictObject({
  width: listedWidth(POSTER_WIDTHS)
    .optional()
    .meta({ description: 'Width in pixels; without it that of the poster.', example: 320 }),
})
/** Seconds that caches keep it; another poster can be chosen at any time. */
const POSTER_MAX_AGE = 60
const FileParams = z.strictObject({
  reference: Reference.meta({
    description: 'Playback token, or the id of a public or unlisted video.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
  file: z
    .string()
    .meta({ description: 'Path of a playlist or segment, as the master playlist names it.', example: '720p.m3u8' }),
})

const open = { method: 'get', auth: 'none', limit: 'playback' } as const
const errors = [...GRANT_ERRORS, ...FILE_ERRORS] as const
const hls = { 'application/vnd.apple.mpegurl': 'text' } as const

export const playback = tagged('Playback', [
  {
    ...open,
    path: '/play/:reference/poster.:format',
    name: 'getPoster',
    summary: 'Get the poster of a video',
    description: 'In its own size, or scaled down to `width`.',
    params: PosterParams,
    query: PosterQuery,
    answers: fileAnswers('The poster', { 'image/jpeg': 'binary', 'image/webp': 'binary', 'image/avif': 'binary' }),
    errors,
    handle: sendPoster,
  },
  {
    ...open,
    path: `/play/:reference/${WAVEFORM_FILE}`,
    name: 'getWaveform',
    summary: 'Get the waveform of a video of the kind audio',
    description: 'A picture of 1280×720 pixels, made together with the poster.',
    params: FileParams.omit({ file: true }),
    answers: fileAnswers('The waveform', { 'image/png': 'binary' }),
    errors,
    handle: sendWaveform,
  },
  {
    ...open,
    path: `/play/:reference/${MASTER_PLAYLIST}`,
    name: 'getMasterPlaylist',
    summary: 'Get the HLS master playlist',
    description: 'By a playback token, or by the id of a public or unlisted video.',
    params: FileParams.omit({ file: true }),
    answers: textAnswers('The playlist (RFC 8216)', hls),
    errors,
    handle: sendPlayed,
  },
  {
    ...open,
    path: '/play/:reference/*file',
    name: 'getPlayedFile',
    summary: 'Get a playlist or segment',
    description: 'The files that the master playlist leads to. Segments can be fetched in one byte range.',
    params: FileParams,
    answers: {
      200: {
        description: 'A playlist or a segment',
        headers: TEXT_HEADERS,
        content: { ...hls, 'video/mp4': 'binary', 'image/jpeg': 'binary', 'text/vtt': 'text' },
      },
      206: {
        description: 'The range of a segment',
        headers: [...FILE_HEADERS, 'Content-Range'],
        content: { 'video/mp4': 'binary', 'image/jpeg': 'binary', 'text/vtt': 'text' },
      },
      304: { description: 'Not modified', headers: TEXT_HEADERS },
    },
    errors,
    handle: sendPlayed,
  },
])

function sendPoster(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { format } = parseFields(PosterParams, req.params)
    const { width } = parseFields(PosterQuery, req.query)
    const grant = await grantFor(ctx, req, caller)
    if (!grant.posterKey) throw new AppError('FILE_NOT_FOUND')
    const size = { width: width ?? null, maxHeight: grant.maxHeight }
    const key = await posterVariant(ctx.store, grant.posterKey, format, size)
    const file = { key, contentType: PICTURE_TYPES[format], scope: scopeOf(grant), maxAgeSeconds: POSTER_MAX_AGE }
    await sendStoredFile(req, res, ctx, file)
  }
}

/** Videos with frames have none, so that there is no such file. */
function sendWaveform(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const grant = await grantFor(ctx, req, caller)
    if (!grant.posterKey) throw new AppError('FILE_NOT_FOUND')
    const key = `${posix.dirname(grant.posterKey)}/${WAVEFORM_FILE}`
    const file = { key, contentType: 'image/png', scope: scopeOf(grant), maxAgeSeconds: POSTER_MAX_AGE }
    await sendStoredFile(req, res, ctx, file)
  }
}

function sendPlayed(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { file = [MASTER_PLAYLIST] } = req.params as { file?: string[] }
    const played = playedFile(file.join('/'))
    if (!played) throw new AppError('FILE_NOT_FOUND')
    const grant = await grantFor(ctx, req, caller)
    if (played.kind !== 'master' && played.height !== null && played.height > (grant.maxHeight ?? played.height)) {
      throw new AppError('PLAYBACK_DENIED', {
        detail: 'The height of this rendition exceeds the maxHeight of the link',
      })
    }
    if (played.kind === 'segment') {
      const key = keys.playlist(versionFolder(grant.videoId, played.version), played.path)
      return await sendStoredFile(req, res, ctx, { key, contentType: played.contentType, scope: scopeOf(grant) })
    }
    const { name, version } = played.kind === 'master' ? { name: MASTER_PLAYLIST, version: grant.version } : played
    const text = (await ctx.store.get(keys.playlist(versionFolder(grant.videoId, version), name))).toString()
    const sent =
      played.kind === 'master'
        ? withVersion(withinHeight(text, grant), version)
        : withSharedUris(text, `${ctx.addresses.folderFor(grant)}/${versionPrefix(version)}`)
    await sendPlaylist(req, res, sent)
  }
}

function withinHeight(master: string, { maxHeight }: PlaybackGrant): string {
  const limited = maxHeight === null ? master : limitHeight(master, maxHeight)
  if (limited === null)
    throw new AppError('PLAYBACK_DENIED', {
      detail: 'The video has no rendition that is as small as the maxHeight of the link',
    })
  return limited
}
