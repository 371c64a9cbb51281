import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

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
  'qualities.js': { type: JAVASCRIPT, file: new URL('qualities.js', OWN) },
  'hls.js': { type: JAVASCRIPT, file: join(HLS, 'hls.min.mjs') },
  'hls.worker.js': { type: JAVASCRIPT, file: join(HLS, 'hls.worker.js') },
  'media-chrome.js': { type: JAVASCRIPT, file: join(MEDIA_CHROME, 'iife', 'all.js') },
}

const compress = promisify(gzip)

/** Reads and compresses all files that the page loads. Rejects if one is missing. */
export async function loadAssets(): Promise<Assets> {
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
export async function loadPage(mode: 'watch' | 'embed', version: string): Promise<string> {
  const html = await readFile(new URL('watch.html', OWN), 'utf8')
  return html.replaceAll('VERSION', version).replace('MODE', mode)
}
