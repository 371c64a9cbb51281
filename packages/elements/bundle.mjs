// Writes the files for browsers into dist/: each is complete, for a page that has no bundler. Part of the build.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
mkdirSync(here('dist'), { recursive: true })

const { outputFiles } = await build({
  entryPoints: { 'kinora-player': here('src/player/player.ts'), 'kinora-uploader': here('src/uploader/uploader.ts') },
  outdir: here('dist'),
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  legalComments: 'none',
  // Sources of workspace packages, so that a change needs no other build before this one.
  conditions: ['development'],
  write: false,
})
for (const { path, contents } of outputFiles) replace(path, contents)
replace(here('dist/style-hashes.json'), JSON.stringify(await styleHashes(), null, 2))

/**
 * Hashes of the styles that media-chrome's elements put into their shadow trees (CSP 3, section 8.3), for pages whose policy
 * allows no others. Its elements return their markup outside a browser, too.
 */
async function styleHashes() {
  const exported = await import('media-chrome/dist/all.js')
  const markup = Object.values(exported).map((element) => element.getTemplateHTML?.({}) ?? '')
  const styles = markup.flatMap((html) =>
    [...html.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map(([, style]) => style),
  )
  return [...new Set(styles.map((style) => `sha256-${createHash('sha256').update(style).digest('base64')}`))]
}

/** At once, and only if it is another file: tests and gateways may read it at the same time. */
function replace(path, contents) {
  const bytes = Buffer.from(contents)
  try {
    if (readFileSync(path).equals(bytes)) return
  } catch {}
  writeFileSync(`${path}.${process.pid}`, bytes)
  renameSync(`${path}.${process.pid}`, path)
}
