import { createHash } from 'node:crypto'
import { AppError } from '@kinora/common/errors'
import type { Express, Request, Response } from 'express'
import { fixedHeaders, type Headers } from '../http/security-headers.ts'
import { type Assets, loadAssets, loadPage } from './assets.ts'

interface Player {
  assets: Assets
  pages: { watch: string; embed: string }
  headers: PageHeaders
}

const FOR_EVER = 'public, max-age=31536000, immutable'

/**
 * A page that plays one video, to open (`/watch`) and to put into a frame (`/embed`). It is the same for all videos: its
 * script finds out what may be played, with the API that everybody has, so nothing a user wrote is part of a page.
 */
export function servePlayerPage(app: Express, embedOrigins: readonly string[]): void {
  let loading: Promise<Player> | undefined
  // At the first visit: most of what a gateway does needs none of it.
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

/** Another version's files are not there: a page of another gateway would get what it was not made for. */
function sendAsset(req: Request, res: Response, { version, files }: Assets): void {
  const asset = req.params.version === version ? files.get(String(req.params.file)) : undefined
  if (!asset) throw new AppError('FILE_NOT_FOUND')
  const zipped = req.acceptsEncodings('gzip', 'identity') === 'gzip'
  res.setHeader('Cache-Control', FOR_EVER)
  res.setHeader('Vary', 'Accept-Encoding')
  res.setHeader('Content-Type', asset.type)
  if (zipped) res.setHeader('Content-Encoding', 'gzip')
  res.send(zipped ? asset.zipped : asset.body)
}

export interface PageHeaders {
  watch: Headers
  embed: Headers
}

/** With the hashes of the styles that are allowed. The page may be shown in a frame of the given origins in its `embed` form, and of nobody as it is. */
export function pageHeaders(styles: string[], embedOrigins: readonly string[]): PageHeaders {
  const directives = {
    defaultSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", ...styles],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    // What hls.js puts together reaches the video as a blob.
    mediaSrc: ["'self'", 'blob:'],
    workerSrc: ["'self'"],
  }
  const framedBy = (frameAncestors: string[]) => ({
    useDefaults: false,
    directives: { ...directives, frameAncestors },
  })
  return {
    watch: fixedHeaders({ contentSecurityPolicy: framedBy(["'none'"]) }),
    embed: fixedHeaders({
      contentSecurityPolicy: framedBy(embedOrigins.length > 0 ? [...embedOrigins] : ["'none'"]),
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      // Older than `frame-ancestors`, and cannot name origins.
      xFrameOptions: embedOrigins.length === 0,
    }),
  }
}

interface Element {
  getTemplateHTML?: (attributes: Record<string, string>) => string
}

const STYLE = /<style[^>]*>([\s\S]*?)<\/style>/g

/**
 * media-chrome's elements put `<style>` into their shadow trees. Named by their hashes (CSP 3, section 8.3) just these
 * are allowed, and what somebody might smuggle into the page is not. They are asked of the package itself, whose elements
 * tell their markup outside a browser, too.
 */
export async function styleHashes(): Promise<string[]> {
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
