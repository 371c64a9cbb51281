import { AppError } from '@kinora/common/errors'
import type { Express, Request, Response } from 'express'
import { type Assets, loadAssets, loadPage } from './assets.ts'
import { type PageHeaders, pageHeaders, styleHashes } from './page-headers.ts'

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
