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
