import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, Response } from 'express'
import helmet, { type HelmetOptions } from 'helmet'

export type Headers = readonly (readonly [name: string, value: string])[]

const NOTHING = { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] }

/** Answers are about one caller at one moment: no cache may keep them, where a route does not say otherwise. */
const api: Headers = [
  ...fixedHeaders({ contentSecurityPolicy: { useDefaults: false, directives: NOTHING } }),
  ['Cache-Control', 'no-store'],
]

/** Players live on other origins, so what is played must be embeddable. */
const play = fixedHeaders({
  contentSecurityPolicy: { useDefaults: false, directives: NOTHING },
  crossOriginResourcePolicy: { policy: 'cross-origin' },
})

/** The API reference loads only the gateway's own files; it writes style elements. */
const docs = fixedHeaders({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      ...NOTHING,
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
    },
  },
})

/** Two small pages with a form, whose script calls the API. */
const account = fixedHeaders({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      ...NOTHING,
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ['data:'],
      connectSrc: ["'self'"],
    },
  },
})

/** By how their paths begin; everything else is the API. */
const OTHERS = [
  ['/play/', play],
  ['/v/', play],
  ['/docs', docs],
  ['/account/', account],
] as const

/** Helmet's headers, which never change, are worked out once instead of for each request. */
export function setSecurityHeaders(req: Request, res: Response): void {
  const headers = OTHERS.find(([start]) => req.path.startsWith(start))?.[1] ?? api
  for (const [name, value] of headers) res.setHeader(name, value)
}

/** What helmet sets with these options, worked out once. */
export function fixedHeaders(options: HelmetOptions): Headers {
  const headers = new Map<string, string>()
  const recorder = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  }
  helmet(options)({} as IncomingMessage, recorder as unknown as ServerResponse, (error) => {
    if (error) throw error
  })
  return [...headers]
}
