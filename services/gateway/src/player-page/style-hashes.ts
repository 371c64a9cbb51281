import { createHash } from 'node:crypto'

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
