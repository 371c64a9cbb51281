import { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { escapeHtml } from '@kinora/common/html'
import type { Request } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { sendJson } from '../http/mount.ts'
import { parseFields } from '../http/read-input.ts'
import { mayPlay, pageOf } from '../playback/page.ts'
import { linkPreview } from '../player-page/link-preview.ts'
import { type HandRoute, tagged } from './route.ts'

const Pixels = z.coerce.number().int().min(1).max(100_000)
const Query = z.object({
  url: z.url().max(2000).meta({
    description: 'Address of the page of a video.',
    example: 'https://video.example.org/watch/01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
  format: z
    .literal('json')
    .default('json')
    .meta({ description: 'Format of the answer; there is no other.', example: 'json' }),
  maxwidth: Pixels.optional().meta({ description: 'Most pixels that the player may be wide.', example: 640 }),
  maxheight: Pixels.optional().meta({ description: 'Most pixels that the player may be high.', example: 360 }),
})

const Embed = z.object({
  type: z.enum(['video', 'link']).meta({
    description:
      'video: `html` is a player for the page. link: no other site may embed players of this installation, or the site that asks may not play this video.',
    example: 'video',
  }),
  version: z.literal('1.0').meta({ description: 'Version of oEmbed.', example: '1.0' }),
  title: z.string().meta({ description: 'Title of the video.', example: 'Holidays' }),
  provider_name: z.string().meta({ description: 'Name of the software.', example: 'Kinora' }),
  provider_url: z.string().meta({ description: 'Address of this installation.', example: 'https://video.example.org' }),
  thumbnail_url: z.string().optional().meta({
    description: 'Address of the poster; absent without one.',
    example: 'https://video.example.org/play/abc/poster.jpg?width=320',
  }),
  thumbnail_width: z.number().int().optional().meta({ description: 'Width of the poster in pixels.', example: 640 }),
  thumbnail_height: z.number().int().optional().meta({ description: 'Height of the poster in pixels.', example: 360 }),
  html: z.string().optional().meta({
    description: 'A frame with the player; only with the type video.',
    example: '<iframe src="https://video.example.org/embed/abc" width="640" height="360" allowfullscreen></iframe>',
  }),
  width: z.number().int().optional().meta({ description: 'Width of the frame in pixels.', example: 640 }),
  height: z.number().int().optional().meta({ description: 'Height of the frame in pixels.', example: 360 }),
})

export const oembed = tagged('Playback', [
  {
    method: 'get',
    path: '/oembed',
    auth: 'none',
    limit: 'general',
    name: 'getOembed',
    summary: 'Get how to embed a video, by oEmbed',
    description: 'For editors that turn a pasted address into a player. Only public and unlisted videos have one.',
    query: Query,
    answers: { 200: { description: 'The frame or link', content: { 'application/json': Embed } } },
    errors: [...media.getVideo.errors, 'PLAYBACK_NOT_READY'],
    handle: getOembed,
  },
])

const PAGE = /^\/(?:watch|embed)\/([0-9a-f-]{36})$/

function getOembed(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    const { url, maxwidth, maxheight } = parseFields(Query, req.query)
    const page = new URL(url)
    const videoId = PAGE.exec(page.pathname)?.[1]
    if (!videoId) throw new AppError('VIDEO_NOT_FOUND')
    const { title, embedUrl, posterUrl, allowedDomains, ...size } = await linkPreview(ctx, videoId, call)
    const isEmbeddable = mayEmbed(ctx, req, allowedDomains)
    const { origin } = new URL(embedUrl)
    if (page.origin !== origin) throw new AppError('VIDEO_NOT_FOUND')
    const { width, height } = within(size, maxwidth, maxheight)
    const poster = posterUrl && { thumbnail_url: posterUrl, thumbnail_width: size.width, thumbnail_height: size.height }
    const frame = `<iframe src="${embedUrl}" title="${escapeHtml(title)}" width="${width}" height="${height}" style="border:0" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`
    const embed: z.infer<typeof Embed> = {
      ...{ type: isEmbeddable ? 'video' : 'link', version: '1.0', title },
      ...{ provider_name: 'Kinora', provider_url: origin },
      ...poster,
      ...(isEmbeddable && { html: frame, width, height }),
    }
    sendJson(res, 200, embed)
  }
}

/** As `frame-ancestors` of the player will say, as far as the page that asks is known: mostly a server asks. */
function mayEmbed({ config, cookieSessions }: Context, { headers }: Request, allowed: readonly string[]): boolean {
  if (allowed.length === 0) return config.EMBED_ORIGINS.length > 0
  return mayPlay(pageOf(headers, cookieSessions.allowedOrigins), allowed)
}

/** Scaled down to what is allowed, in the same proportion. */
function within({ width, height }: { width: number; height: number }, maxWidth = width, maxHeight = height) {
  const factor = Math.min(1, maxWidth / width, maxHeight / height)
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) }
}
