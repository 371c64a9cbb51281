import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { AppError } from '@kinora/common/errors'
import type { Express, Request, Response } from 'express'
import { fixedHeaders, type Headers } from '../http/security-headers.ts'

interface Player {
  assets: Assets
  pages: { watch: string; embed: string }
  headers: PageHeaders
}

const IMMUTABLE = 'public, max-age=31536000, immutable'

/**
 * Serves a page that plays one video, to open (`/watch/{videoId}`) and to embed in a frame (`/embed/{videoId}`), and the
 * assets of the page. The page is the same for all videos: its script reads the video through the public API, so the HTML
 * never contains a text from a user. Only pages of `embedOrigins` may embed it.
 */
export function servePlayerPage(app: Express, embedOrigins: readonly string[]): void {
  let loading: Promise<Player> | undefined
  // Loaded at the first visit: most gateways never serve the page.
  const player = () => {
    loading ??= load(embedOrigins)
    return loading
  }
  for (const mode of ['watch', 'embed'] as const) {
    app.get(`/${mode}/:videoId`, async (_req, res) => {
      res.locals.route = `/${mode}/:videoId`
      const { pages, headers } = await player()
      res.removeHeader('X-Frame-Options')
      for (const [name, value] of headers[mode]) res.setHeader(name, value)
      res.setHeader('Cache-Control', 'no-cache')
      res.type('text/html').send(pages[mode])
    })
  }
  app.get('/player/:version/:file', async (req, res) => {
    res.locals.route = '/player/:version/:file'
    sendAsset(req, res, (await player()).assets)
  })
}

async function load(embedOrigins: readonly string[]): Promise<Player> {
  const assets = await loadAssets()
  const [watch, embed] = [await loadPage('watch', assets.version), await loadPage('embed', assets.version)]
  return { assets, pages: { watch, embed }, headers: pageHeaders(await styleHashes(), embedOrigins) }
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

interface PageHeaders {
  watch: Headers
  embed: Headers
}

/**
 * Security headers of both modes. `styles` are hashes of the allowed styles. Only `embed` may be framed, by these origins.
 */
function pageHeaders(styles: string[], embedOrigins: readonly string[]): PageHeaders {
  const directives = {
    defaultSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", ...styles],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    // hls.js passes the media to the video element as a blob.
    mediaSrc: ["'self'", 'blob:'],
    workerSrc: ["'self'"],
  }
  const policyFor = (frameAncestors: string[]) => ({
    useDefaults: false,
    directives: { ...directives, frameAncestors },
  })
  return {
    watch: fixedHeaders({ contentSecurityPolicy: policyFor(["'none'"]) }),
    embed: fixedHeaders({
      contentSecurityPolicy: policyFor(embedOrigins.length > 0 ? [...embedOrigins] : ["'none'"]),
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      // Older than `frame-ancestors`; it cannot name origins.
      xFrameOptions: embedOrigins.length === 0,
    }),
  }
}

interface Element {
  getTemplateHTML?: (attributes: Record<string, string>) => string
}

const STYLE = /<style[^>]*>([\s\S]*?)<\/style>/g

/**
 * Hashes of the styles that media-chrome's elements put into their shadow trees (CSP 3, section 8.3), so that the policy
 * allows these and no injected ones. They are computed from the package, whose elements return their markup outside a
 * browser, too.
 */
async function styleHashes(): Promise<string[]> {
  const exported = await import('media-chrome/dist/all.js')
  const hashes = new Set<string>()
  for (const element of Object.values(exported) as Element[]) {
    const html = element.getTemplateHTML?.({}) ?? ''
    for (const [, style = ''] of html.matchAll(STYLE)) {
      hashes.add(`'sha256-${createHash('sha256').update(style).digest('base64')}'`)
    }
  }
  return [...hashes]
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
const HLS = dirname(resolve('hls.js'))
/** `dist`; `require` resolves to a file in `dist/cjs`. */
const MEDIA_CHROME = join(dirname(resolve('media-chrome')), '..')

const JAVASCRIPT = 'text/javascript; charset=utf-8'
const SOURCES: Record<string, { type: string; file: string | URL }> = {
  'player.css': { type: 'text/css; charset=utf-8', file: new URL('player.css', OWN) },
  'player.js': { type: JAVASCRIPT, file: new URL('player.js', OWN) },
  'take-over.js': { type: JAVASCRIPT, file: new URL('take-over.js', OWN) },
  'qualities.js': { type: JAVASCRIPT, file: new URL('qualities.js', OWN) },
  'hls.js': { type: JAVASCRIPT, file: join(HLS, 'hls.min.mjs') },
  'hls.worker.js': { type: JAVASCRIPT, file: join(HLS, 'hls.worker.js') },
  'media-chrome.js': { type: JAVASCRIPT, file: join(MEDIA_CHROME, 'iife', 'all.js') },
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
