import {
  CaptionLabel,
  MAX_CAPTION_BYTES,
  media,
  OneVideo,
  PutCaptions,
  type Warning,
  warningOf,
} from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { decodeCaptions } from '@kinora/formats/text-encoding'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { sendJson } from '../http/mount.ts'
import { readBytes } from '../http/read-body.ts'
import { parseFields } from '../http/read-input.ts'
import { GRANT_ERRORS, grantFor, Reference, scopeOf } from '../playback/grants.ts'
import { sendStoredFile } from '../playback/send-stored-file.ts'
import { FILE_ERRORS, fileAnswers, type HandRoute, tagged } from './route.ts'

const video = '/v1/videos/:videoId'
const write = { auth: 'required', scope: 'videos:write', project: 'edit', limit: 'general' } as const
/** Everybody may read a public or unlisted video. */
const look = { auth: 'optional', scope: 'videos:read', project: 'read', limit: 'general' } as const
const open = { method: 'get', auth: 'none', limit: 'playback' } as const

const PutParams = OneVideo.extend({
  lang: z.string().max(50).meta({ description: 'Language tag (BCP 47).', example: 'pt-BR' }),
})
const PutQuery = z.strictObject({
  label: CaptionLabel.optional().meta({ description: 'What the menu of a player shows.', example: 'Português' }),
})
const PlayParams = z.strictObject({
  reference: Reference.meta({
    description: 'Playback token, or the id of a public or unlisted video.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
  lang: z.string().max(50).meta({ description: 'Language tag (BCP 47).', example: 'pt-BR' }),
})
const ChaptersParams = z.strictObject({
  reference: Reference.meta({
    description: 'Playback token, or the id of a public or unlisted video.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
})

const TEXT_TYPES = ['text/*', 'application/x-subrip', 'application/octet-stream']
/** Seconds that caches keep them; they can be replaced at any time. */
const MAX_AGE = 60
const VTT = fileAnswers('WebVTT', { 'text/vtt': 'text' })

const edited = tagged('Captions', [
  {
    ...write,
    limit: 'captions',
    method: 'put',
    path: `${video}/captions/:lang`,
    name: 'putCaptions',
    summary: media.putCaptions.summary,
    description: media.putCaptions.description,
    params: PutParams,
    query: PutQuery,
    requestBody: { description: 'WebVTT or SRT, up to 1 MiB', contentType: 'text/vtt', binary: false },
    answers: { 200: { description: 'What was understood', content: { 'application/json': PutCaptions } } },
    errors: [...media.putCaptions.errors, 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'],
    handle: putCaptions,
  },
  { ...write, method: 'delete', path: `${video}/captions/:lang`, rpc: media.deleteCaptions, status: 204 },
  { ...look, method: 'get', path: `${video}/captions`, rpc: media.listCaptions, status: 200 },
  { ...write, method: 'put', path: `${video}/chapters`, rpc: media.putChapters, status: 200 },
  { ...look, method: 'get', path: `${video}/chapters`, rpc: media.getChapters, status: 200 },
  { ...write, method: 'delete', path: `${video}/chapters`, rpc: media.deleteChapters, status: 204 },
])

const played = tagged('Playback', [
  {
    ...open,
    path: '/play/:reference/captions/:lang.vtt',
    name: 'getPlayedCaptions',
    summary: 'Get captions for a player',
    description: 'For players that do not read captions from HLS.',
    params: PlayParams,
    answers: VTT,
    errors: [...GRANT_ERRORS, ...FILE_ERRORS],
    handle: sendCaptions,
  },
  {
    ...open,
    path: '/play/:reference/chapters.vtt',
    name: 'getPlayedChapters',
    summary: 'Get chapters for a player',
    params: ChaptersParams,
    answers: VTT,
    errors: [...GRANT_ERRORS, ...FILE_ERRORS],
    handle: sendChapters,
  },
])

/** Captions and chapters: how an owner changes them, and how players fetch them. */
export const captions = [...edited, ...played]

function putCaptions(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    const params = parseFields(PutParams, req.params)
    const { label } = parseFields(PutQuery, req.query)
    if (!req.is(TEXT_TYPES) || req.headers['content-encoding'] !== undefined) {
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', {
        detail: 'Send WebVTT or SRT as the body, without a content encoding',
      })
    }
    const decoded = decodeCaptions(await readBytes(req, res, MAX_CAPTION_BYTES), params.lang)
    if (decoded === null) throw new AppError('CAPTIONS_INVALID', { detail: 'The file is not text, or is damaged' })
    const { text, encoding } = decoded
    const put = await ctx.rpc(media.putCaptions, { ...params, ...(label && { label }), text }, call)
    const warnings = encoding === 'UTF-8' ? [] : [convertedFrom(encoding)]
    sendJson(res, 200, { ...put, warnings: [...warnings, ...put.warnings] })
  }
}

function convertedFrom(encoding: string): Warning {
  return warningOf('CAPTIONS_ENCODING', `The file is not in UTF-8. It was read as ${encoding}.`)
}

function sendCaptions(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { lang } = parseFields(PlayParams, req.params)
    const grant = await grantFor(ctx, req, caller)
    const found = grant.captions.find((captions) => captions.lang.toLowerCase() === lang.toLowerCase())
    if (!found) throw new AppError('FILE_NOT_FOUND')
    await sendStoredFile(req, res, ctx, vtt(found.key, scopeOf(grant)))
  }
}

function sendChapters(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const grant = await grantFor(ctx, req, caller)
    if (!grant.chaptersKey) throw new AppError('FILE_NOT_FOUND')
    await sendStoredFile(req, res, ctx, vtt(grant.chaptersKey, scopeOf(grant)))
  }
}

function vtt(key: string, scope: 'public' | 'private') {
  return { key, scope, contentType: 'text/vtt; charset=utf-8', maxAgeSeconds: MAX_AGE }
}
