import { API_KEY_START } from '@kinora/common/api-key'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** Words, numbers and file names of the gateway's routes. Every token is longer. */
const PLAIN = /^[\w.-]{0,20}$/
/** What precedes the path in an absolute-form target (RFC 9112 section 3.2.2). */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i
const BEFORE_TOKENS: ReadonlySet<string> = new Set(['play', 'u'])
const MASK = '[token]'

/**
 * The path of a request's target, without origin and query. A segment is kept if it is a UUID or short and plain, and becomes
 * `[token]` otherwise, as does everything but a UUID after `play` and `u`: what is there is the token of a link, or a video's id.
 */
export function loggablePath(target: string): string {
  const [path = ''] = target.replace(ORIGIN, '').split(/[?#]/, 1)
  let reference = false
  const segments = path.split('/').map((segment) => {
    const kept = UUID.test(segment) || (PLAIN.test(segment) && (!reference || segment === ''))
    if (segment !== '') reference = BEFORE_TOKENS.has(segment.toLowerCase())
    return kept ? segment : MASK
  })
  return segments.join('/')
}

const JWT = /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g
const API_KEY = new RegExp(`${API_KEY_START}\\w+`, 'g')
const PARAMETER = /\b([\w-]*(?:token|secret|password|signature)=)[^\s&"'<>]+/gi
const LONG = /(?<![\w-])(?=[\w-]*\d)[\w-]{32,}(?![\w-])/g

/** The text with everything replaced that looks like a JWT, an API key, `token=…`, or 32 or more characters of base64url. */
export function maskTokens(text: string): string {
  return text
    .replace(JWT, MASK)
    .replace(API_KEY, MASK)
    .replace(PARAMETER, `$1${MASK}`)
    .replace(LONG, (run) => (UUID.test(run) ? run : MASK))
}

/** Whether the text has a JWT or an API key in it. Long random identifiers, such as those of traces, are no secrets. */
export function holdsSecret(text: string): boolean {
  return text.search(JWT) >= 0 || text.search(API_KEY) >= 0
}

/** An error for the log: messages and stacks, also of its causes, can quote what a client sent. */
export function maskedError(error: Error): { type: string; message: string; stack: string } {
  const stacks: string[] = []
  for (let at: unknown = error; at instanceof Error && stacks.length < 5; at = at.cause)
    stacks.push(at.stack ?? String(at))
  return {
    type: error.name,
    message: maskTokens(error.message),
    stack: maskTokens(stacks.join('\ncaused by: ')),
  }
}
