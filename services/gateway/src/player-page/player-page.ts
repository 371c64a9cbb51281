import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Id } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Express, Request, Response } from 'express'
import { LRUCache } from 'lru-cache'
import type { Context } from '../context.ts'
import { fixedHeaders, type Headers } from '../http/security-headers.ts'
import { frameAncestors, mayPlay, pageOf } from '../playback/page.ts'
import { linkPreview, previewTags } from './link-preview.ts'

interface Player {
  assets: Assets
  pages: { watch: string; embed: string }
  headers(frameAncestors: readonly string[]): Headers
}

const IMMUTABLE = 'public, max-age=31536000, immutable'

/**
 * Serves a page that plays one video, to open (`/watch/{videoId}`) and to embed in a frame (`/embed/{videoId}`), and the
 * assets of the page. The component `<kinora-player>` reads the video through the public API; the HTML itself contains a video's
 * title and description only in its preview for other sites. Pages of the sites that may play the video may embed it; where all
 * may, those of `EMBED_ORIGINS`. It loads segments from the origin of `DELIVERY_URL`, if that is another one.
 */
export function servePlayerPage(app: Express, ctx: Context): void {
  const { DELIVERY_URL } = ctx.config
  let loading: Promise<Player> | undefined
  // Loaded at the first visit: most gateways never serve the page.
  const player = () => {
    loading ??= load(DELIVERY_URL === undefined ? [] : [new URL(DELIVERY_URL).origin])
    return loading
  }
  for (const mode of ['watch', 'embed'] as const) {
    app.get(`/${mode}/:videoId`, async (req, res) => {
      res.locals.route = `/${mode}/:videoId`
      const [{ pages, headers }, tags, ancestors] = await Promise.all([
        player(),
        mode === 'watch' ? tagsFor(req, res, ctx) : TITLE,
        mode === 'embed' ? ancestorsFor(req, res, ctx) : [],
      ])
      res.removeHeader('X-Frame-Options')
      for (const [name, value] of headers(ancestors)) res.setHeader(name, value)
      res.setHeader('Cache-Control', 'no-cache')
      // A function, because `$` in a title would have a meaning in a string.
      res.type('text/html').send(pages[mode].replace(TITLE, () => tags))
    })
  }
  app.get('/player/:version/:file', async (req, res) => {
    res.locals.route = '/player/:version/:file'
    sendAsset(req, res, (await player()).assets)
  })
}

/** As in the file; in a page with a preview, that of the video. */
const TITLE = '<title>Kinora</title>'
/** How long the page waits for the preview; it is complete without. */
const PREVIEW_MS = 500

/** Without a preview where the video is private or unknown, media does not answer, or the visitor asks too often. */
async function tagsFor(req: Request, res: Response, ctx: Context): Promise<string> {
  try {
    const { call } = await ctx.admission.admit(req, res, { auth: 'none', limit: 'playback' })
    return previewTags(await linkPreview(ctx, String(req.params.videoId), { ...call, timeoutMs: PREVIEW_MS }))
  } catch (error) {
    if (error instanceof AppError && error.code !== 'INTERNAL') return TITLE
    throw error
  }
}

/**
 * The sites that may show the page in a frame. Throws `PLAYBACK_DOMAIN_NOT_ALLOWED` for the page of another site that says which
 * one it is; of a page that does not, browsers know it.
 */
async function ancestorsFor(req: Request, res: Response, ctx: Context): Promise<readonly string[]> {
  await ctx.admission.admit(req, res, { auth: 'none', limit: 'playback' })
  const videoId = Id.safeParse(req.params.videoId).data?.toLowerCase()
  const allowed = videoId === undefined ? [] : await ctx.allowedDomains.of(videoId)
  if (allowed.length === 0) return ctx.config.EMBED_ORIGINS
  const page = pageOf(req.headers, ctx.cookieSessions.allowedOrigins)
  if (page !== 'hidden' && !mayPlay(page, allowed)) throw new AppError('PLAYBACK_DOMAIN_NOT_ALLOWED')
  return frameAncestors(allowed)
}

async function load(deliveryOrigins: string[]): Promise<Player> {
  const assets = await loadAssets()
  const [watch, embed] = [await loadPage('watch', assets.version), await loadPage('embed', assets.version)]
  return { assets, pages: { watch, embed }, headers: pageHeaders(await styleHashes(), deliveryOrigins) }
}

/** Throws `FILE_NOT_FOUND` for another version, so that a page from a gateway of another version gets no wrong file. */
function sendAsset(req: Request, res: Response, { version, files }: Assets): void {
  const asset = req.params.version === version ? files.get(String(req.params.file)) : undefined
  if (!asset) throw new AppError('FILE_NOT_FOUND')
  const zipped = req.acceptsEncodings('gzip', 'identity') === 'gzip'
  res.setHeader('Cache-Control', IMMUTABLE)
  res.setHeader('Vary', 'Accept-Encoding')
  res.setHeader('Content-Type', asset.type)
  if (zipped) res.setHeader('Content-Encoding', 'gzip')
  res.send(zipped ? asset.zipped : asset.body)
}

const MAX_LISTS = 1000

/**
 * Security headers of a page, by the sources that may show it in a frame. `styles` are hashes of the allowed styles,
 * `deliveryOrigins` where segments are.
 */
function pageHeaders(styles: string[], deliveryOrigins: readonly string[]): Player['headers'] {
  const directives = {
    defaultSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", ...styles],
    imgSrc: ["'self'", 'data:', ...deliveryOrigins],
    connectSrc: ["'self'", ...deliveryOrigins],
    // hls.js passes the media to the video element as a blob.
    mediaSrc: ["'self'", 'blob:', ...deliveryOrigins],
  }
  const headersFor = (ancestors: readonly string[]) => {
    const frameAncestors = ancestors.length > 0 ? [...ancestors] : ["'none'"]
    return fixedHeaders({
      contentSecurityPolicy: { useDefaults: false, directives: { ...directives, frameAncestors } },
      ...(ancestors.length > 0 && { crossOriginResourcePolicy: { policy: 'cross-origin' } }),
      // Older than `frame-ancestors`; it cannot name origins.
      xFrameOptions: ancestors.length === 0,
    })
  }
  const known = new LRUCache<string, Headers>({ max: MAX_LISTS })
  return (ancestors) => {
    const list = ancestors.join(' ')
    const headers = known.get(list) ?? headersFor(ancestors)
    known.set(list, headers)
    return headers
  }
}

/** Hashes of the styles that the player's elements put into their shadow trees, so that no injected one is allowed. */
async function styleHashes(): Promise<string[]> {
  const hashes: string[] = JSON.parse(await readFile(resolve('@kinora/elements/style-hashes.json'), 'utf8'))
  return hashes.map((hash) => `'${hash}'`)
}

export interface Asset {
  type: string
  body: Buffer
  /** `body`, compressed with gzip. */
  zipped: Buffer
}

export interface Assets {
  /** Hash of all files. It is part of their URLs, so that caches may keep them for a year. */
  version: string
  files: ReadonlyMap<string, Asset>
}

const { resolve } = createRequire(import.meta.url)
/** The gateway's own files for the browser, beside `src` and `dist`. */
const OWN = new URL('../../player/', import.meta.url)

const JAVASCRIPT = 'text/javascript; charset=utf-8'
const SOURCES: Record<string, { type: string; file: string | URL }> = {
  'player.css': { type: 'text/css; charset=utf-8', file: new URL('player.css', OWN) },
  'player.js': { type: JAVASCRIPT, file: new URL('player.js', OWN) },
  'kinora-player.js': { type: JAVASCRIPT, file: resolve('@kinora/elements/kinora-player.js') },
}

const compress = promisify(gzip)

/** Reads and compresses all files that the page loads. Rejects if one is missing. */
async function loadAssets(): Promise<Assets> {
  const files = new Map<string, Asset>()
  const hash = createHash('sha256')
  for (const [name, { type, file }] of Object.entries(SOURCES)) {
    const body = await readFile(file)
    hash.update(name).update(body)
    files.set(name, { type, body, zipped: await compress(body) })
  }
  return { version: hash.digest('hex').slice(0, 16), files }
}

/** The HTML of the page in this mode, which loads the assets of this version. */
async function loadPage(mode: 'watch' | 'embed', version: string): Promise<string> {
  const html = await readFile(new URL('watch.html', OWN), 'utf8')
  return html.replaceAll('VERSION', version).replace('MODE', mode)
}
