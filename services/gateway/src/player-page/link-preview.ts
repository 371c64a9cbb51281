import type { CallOptions } from '@kinora/common/bus'
import { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { escapeHtml } from '@kinora/common/html'
import type { Context } from '../context.ts'

/** What other sites may show of a video: only of one that everybody who knows its address may watch. */
export interface LinkPreview {
  title: string
  description: string
  /** Absolute addresses. */
  pageUrl: string
  embedUrl: string
  posterUrl: string | null
  /** Pixels of the largest rendition. */
  width: number
  height: number
  /** The sites whose pages may play it; empty: all. */
  allowedDomains: readonly string[]
}

/** Pixels where there is no rendition. */
const PLAIN = { width: 1280, height: 720 }

/** Rejects as `media.getVideo`: a private video is `VIDEO_NOT_FOUND`. */
export async function linkPreview(ctx: Context, videoId: string, call: CallOptions): Promise<LinkPreview> {
  const { title, description, playback, renditions } = await ctx.rpc(media.getVideo, { videoId }, call)
  if (!playback) throw new AppError('PLAYBACK_NOT_READY')
  const { width, height } = renditions.at(-1) ?? PLAIN
  const addressOf = (page: string) => new URL(`/${page}/${videoId}`, playback.hlsUrl).href
  const addresses = { pageUrl: addressOf('watch'), embedUrl: addressOf('embed'), posterUrl: playback.posterUrl }
  const allowedDomains = await ctx.allowedDomains.of(videoId)
  return { title, description, width, height, ...addresses, allowedDomains }
}

/** Open Graph (ogp.me) and the discovery of oEmbed (oembed.com, section 4), for the head of the page. */
export function previewTags(preview: LinkPreview): string {
  const { title, description, pageUrl, embedUrl, posterUrl, width, height } = preview
  // Who shows links shows the player on pages of their own.
  const playerUrl = preview.allowedDomains.length > 0 ? null : embedUrl
  const properties: [name: string, content: string | number | null][] = [
    ['og:type', 'video.other'],
    ['og:title', title],
    ['og:description', description || null],
    ['og:url', pageUrl],
    ['og:image', posterUrl],
    ['og:video', playerUrl],
    ['og:video:type', playerUrl && 'text/html'],
    ['og:video:width', playerUrl && width],
    ['og:video:height', playerUrl && height],
    ['twitter:card', posterUrl && 'summary_large_image'],
  ]
  const oembed = new URL(`/oembed?${new URLSearchParams({ url: pageUrl })}`, pageUrl).href
  return [
    `<title>${escapeHtml(title)} · Kinora</title>`,
    ...properties.flatMap(([name, content]) =>
      content === null ? [] : [`<meta property="${name}" content="${escapeHtml(String(content))}">`],
    ),
    `<link rel="alternate" type="application/json+oembed" href="${escapeHtml(oembed)}" title="${escapeHtml(title)}">`,
  ].join('\n')
}
