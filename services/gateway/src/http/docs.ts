import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Express, Response } from 'express'
import { PROBLEMS_PATH, problemsMarkdown, problemsPage } from '../problem-page/problem-page.ts'

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kinora API</title>
<link rel="icon" href="data:,">
</head>
<body>
<div id="reference"></div>
<script src="/docs/reference.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

/** Nothing is fetched from other hosts: the page works offline and does not reveal its readers. */
const START = `Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  withDefaultFonts: false,
  hideClientButton: true,
  telemetry: false,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
  documentDownloadType: 'json',
})
`

/**
 * `/openapi.json`, the reference at `/docs` that shows it, and the page of problems; `/` leads to the reference. All files are served
 * from here.
 */
export function serveDocs(app: Express, document: object): void {
  const body = JSON.stringify(document)
  // Read at the first request, because most gateways never get one.
  let script: ReturnType<typeof readScript> | undefined
  app.get('/', (_req, res) => {
    res.locals.route = '/'
    res.redirect(308, '/docs')
  })
  app.get('/openapi.json', (_req, res) => send(res, '/openapi.json', 'application/json', body))
  app.get('/docs', (_req, res) => send(res, '/docs', 'text/html', PAGE))
  const problems = [problemsPage(), problemsMarkdown()] as const
  app.get(PROBLEMS_PATH, (_req, res) => send(res, PROBLEMS_PATH, 'text/html', problems[0]))
  app.get(`${PROBLEMS_PATH}.md`, (_req, res) => send(res, `${PROBLEMS_PATH}.md`, 'text/markdown', problems[1]))
  app.get('/docs/start.js', (_req, res) => send(res, '/docs/start.js', 'text/javascript', START))
  app.get('/docs/reference.js', async (req, res) => {
    script ??= readScript()
    const { plain, zipped } = await script
    const isZipped = req.acceptsEncodings('gzip') === 'gzip'
    res.vary('Accept-Encoding')
    if (isZipped) res.setHeader('Content-Encoding', 'gzip')
    send(res, '/docs/reference.js', 'text/javascript', isZipped ? zipped : plain, 'public, max-age=3600')
  })
}

/** Scalar in one file: 3.5 MB, compressed 1 MB. */
async function readScript(): Promise<{ plain: Buffer; zipped: Buffer }> {
  const plain = await readFile(createRequire(import.meta.url).resolve('@scalar/api-reference/browser/standalone.js'))
  return { plain, zipped: await promisify(gzip)(plain) }
}

function send(res: Response, route: string, type: string, body: string | Buffer, cacheControl = 'no-cache'): void {
  res.locals.route = route
  res.setHeader('Cache-Control', cacheControl)
  res.type(type).send(body)
}
