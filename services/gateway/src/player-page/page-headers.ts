import { createHash } from 'node:crypto'
import { fixedHeaders, type Headers } from '../http/security-headers.ts'

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
