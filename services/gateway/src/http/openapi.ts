import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi'
import type { Method } from '@kinora/common/contract'
import type { ErrorCode } from '@kinora/common/errors'
import { z } from 'zod'
import type { CookieUse } from '../browser-session/through-cookie.ts'
import { type HandRoute, type Route, type RpcRoute, TAGS, takesIdempotencyKey } from '../routes/route.ts'
import { TUS_PATH } from '../uploads/tus.ts'
import { addExamples } from './openapi-examples.ts'
import { HEADERS, type HeaderName, headerRefs } from './openapi-headers.ts'
import { codesOf, problemExamples, problems } from './openapi-problems.ts'
import { ChangeConditions, IdempotencyHeaders, ReadConditions } from './openapi-request-headers.ts'
import { shareResponses } from './openapi-responses.ts'
import {
  CookieHolderHeaders,
  CookieSessionHeaders,
  namedAnswer,
  namedBody,
  nameSharedSchemas,
  SignedInByCookie,
} from './openapi-schemas.ts'
import { WEBHOOK } from './openapi-webhook.ts'
import { IF_REVISION } from './revision-tags.ts'

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The access token of a session' },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'knr_…',
    description:
      'An API key in the place of an access token. It needs the scope that an operation names, and is refused by operations that do not list it.',
  },
} as const
type SecurityRequirement = Partial<Record<keyof typeof SECURITY_SCHEMES, string[]>>

/** What any call to a service may answer. */
const BETWEEN_SERVICES: ErrorCode[] = [
  'DEPENDENCY_UNAVAILABLE',
  'NOT_SENT',
  'NO_RESPONDER',
  'QUEUE_FULL',
  'CIRCUIT_OPEN',
  'CONNECTION_LOST',
  'TIMEOUT',
  'POISON',
  'STORAGE_FULL',
  'INTERNAL',
]
/** What any request with a JSON body may be answered. */
const OF_JSON: ErrorCode[] = ['MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'REQUEST_TIMEOUT']

const OF_IDEMPOTENCY_KEYS: ErrorCode[] = ['IDEMPOTENCY_KEY_IN_USE', 'IDEMPOTENCY_KEY_REUSED']

/** The OpenAPI 3.1 description of these routes, read off their rows and contracts. */
export function openApiDocument(routes: readonly Route[]): object {
  nameSharedSchemas()
  const registry = new OpenAPIRegistry()
  const codes = new Set(routes.flatMap((route) => [...errorsOf(route)]))
  for (const [code, example] of Object.entries(problemExamples(codes))) {
    registry.registerComponent('examples', code, example)
  }
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
    registry.registerComponent('securitySchemes', name, scheme)
  }
  for (const route of routes) {
    const config = 'rpc' in route ? describeRpc(route) : describeByHand(route)
    const responses = withHeaders(route, { ...config.responses, ...problems(errorsOf(route)) })
    registry.registerPath({ ...config, description: describeUse(route), responses, security: securityOf(route) })
  }
  for (const [name, header] of Object.entries(HEADERS)) registry.registerComponent('headers', name, header)
  registry.registerWebhook(WEBHOOK)
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Kinora',
      version: '1',
      description: 'A self-hosted video platform: accounts, uploads, adaptive HLS, secure playback.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
  })
  // Their own order is that in which modules happened to load.
  const schemas = Object.entries(document.components?.schemas ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const components = { ...document.components, schemas: Object.fromEntries(schemas) }
  return shareResponses(addExamples(JSON.parse(JSON.stringify({ ...document, components }))))
}

/** Every code that a route may answer. */
function errorsOf(route: Route): Set<ErrorCode> {
  const { path, method } = route
  const ofAddress: ErrorCode[] = /[:*]/.test(path) ? ['BAD_REQUEST'] : []
  if (!('rpc' in route)) {
    const ofFields: ErrorCode[] = route.params || route.query ? ['VALIDATION_FAILED'] : []
    const ofServices = route.limit === 'none' ? [] : BETWEEN_SERVICES
    return codesOf(route, [...route.errors, ...ofAddress, ...ofFields, ...ofServices])
  }
  const { rpc, cookie } = route
  return codesOf(route, [
    ...rpc.errors,
    ...(takesIdempotencyKey(route) ? OF_IDEMPOTENCY_KEYS : []),
    ...(cookie ? cookieVariant(rpc, cookie).errors : []),
    'VALIDATION_FAILED',
    ...ofAddress,
    ...(method === 'get' ? [] : OF_JSON),
    ...BETWEEN_SERVICES,
  ])
}

/** With the headers that every answer of a route has. */
function withHeaders({ path, limit }: Route, responses: RouteConfig['responses']): RouteConfig['responses'] {
  const common: HeaderName[] = [
    'X-Request-Id',
    ...(limit === 'none' ? [] : (['RateLimit-Policy', 'RateLimit'] as const)),
    ...(path.startsWith(TUS_PATH) ? (['Tus-Resumable'] as const) : []),
  ]
  const entries = Object.entries(responses).map(([status, response]) => {
    return [status, { ...response, headers: { ...headerRefs(common), ...('headers' in response && response.headers) } }]
  })
  return Object.fromEntries(entries)
}

/** Any one of these is enough; for an API key with the scope that it needs. */
function securityOf({ auth, scope }: Route): SecurityRequirement[] {
  if (auth === 'none') return []
  return [{ bearer: [] }, ...(scope ? [{ apiKey: [scope] }] : []), ...(auth === 'optional' ? [{}] : [])]
}

/** `/v1/videos/:videoId` and `/play/:reference/*file` in the words of OpenAPI, which knows no wildcards. */
export function templatePath(path: string): string {
  return path.replace(/[:*](\w+)/g, '{$1}')
}

const MEANINGS = { 200: 'Success', 201: 'Created', 202: 'Accepted' } as const

function describeRpc(route: RpcRoute): RouteConfig {
  const { rpc, method, path, status } = route
  const [params, rest] = splitInput(rpc, path)
  const hasRest = rest !== undefined && Object.keys(rest.shape).length > 0
  const cookie = route.cookie && cookieVariant(rpc, route.cookie)
  const takesQuery = method === 'get'
  const headers = [cookie?.headers, ...headersOf(route)].filter((one) => one !== undefined)
  return {
    method,
    path: templatePath(path),
    operationId: rpc.name,
    tags: [route.tag],
    summary: rpc.summary,
    request: {
      ...(params && { params }),
      ...(headers.length > 0 && { headers: z.object(Object.assign({}, ...headers.map(({ shape }) => shape))) }),
      ...(hasRest && takesQuery && { query: rest }),
      ...(hasRest && !takesQuery && { body: jsonBody(rpc.name, rest) }),
    },
    responses: {
      [status]:
        status === 204
          ? { description: 'Done' }
          : {
              description: MEANINGS[status],
              headers: headerRefs([
                ...(route.conditional ? (['ETag'] as const) : []),
                ...(takesIdempotencyKey(route) ? (['Idempotent-Replayed'] as const) : []),
              ]),
              content: { 'application/json': { schema: namedAnswer(rpc.name, cookie?.answer ?? rpc.output) } },
            },
      ...(route.conditional && takesQuery && { 304: { description: 'Not modified', headers: headerRefs(['ETag']) } }),
      ...(route.instead && {
        [route.instead.status]: {
          description: route.instead.output.description ?? 'Another answer',
          content: { 'application/json': { schema: route.instead.output } },
        },
      }),
    },
  }
}

/** The headers by which a request is sent once, or only where a video or project has a certain version. */
function headersOf(route: RpcRoute): z.ZodObject[] {
  const conditions = route.method === 'get' ? ReadConditions : ChangeConditions
  return [...(takesIdempotencyKey(route) ? [IdempotencyHeaders] : []), ...(route.conditional ? [conditions] : [])]
}

/** No body is an empty object. A refresh token that may come in a cookie may be missing from the body. */
function jsonBody(operation: string, schema: z.ZodObject) {
  const { refreshToken, ...rest } = schema.shape
  const required = !schema.safeParse({}).success
  if (refreshToken === undefined)
    return { required, content: { 'application/json': { schema: namedBody(operation, schema) } } }
  const optional = z.strictObject({ ...rest, refreshToken: z.optional(refreshToken) })
  return { required: false, content: { 'application/json': { schema: namedBody(operation, optional) } } }
}

/** What a route has besides where the refresh token may travel in a cookie. */
function cookieVariant(rpc: Method, use: CookieUse): { headers: z.ZodObject; answer: z.ZodType; errors: ErrorCode[] } {
  const answer = use === 'taken' ? rpc.output : z.union([rpc.output, SignedInByCookie])
  if (use === 'given') return { headers: CookieSessionHeaders, answer, errors: ['ORIGIN_NOT_ALLOWED'] }
  return { headers: CookieHolderHeaders, answer, errors: ['ORIGIN_NOT_ALLOWED', 'CSRF_FAILED'] }
}

/** The fields of an input that the path fills, and the others. */
function splitInput(rpc: Method, path: string): [params: z.ZodObject | undefined, rest: z.ZodObject | undefined] {
  if (!(rpc.input instanceof z.ZodObject)) return [undefined, undefined]
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name)
  if (names.length === 0) return [undefined, rpc.input]
  const fields = Object.entries(rpc.input.shape).filter(([name]) => name !== IF_REVISION)
  const pick = (inPath: boolean) => Object.fromEntries(fields.filter(([name]) => names.includes(name) === inPath))
  return [z.strictObject(pick(true)), z.strictObject(pick(false))]
}

const BINARY = { type: 'string' as const, format: 'binary' }

function typesOf({ contentType, orType }: NonNullable<HandRoute['requestBody']>): string[] {
  return orType === undefined ? [contentType] : [contentType, orType]
}

function describeByHand(route: HandRoute): RouteConfig {
  const { params, query, headers, requestBody } = route
  const body = requestBody && {
    description: requestBody.description,
    required: requestBody.isOptional !== true,
    content: Object.fromEntries(typesOf(requestBody).map((type) => [type, { schema: BINARY }])),
  }
  return {
    method: route.method,
    path: templatePath(route.path),
    operationId: route.name,
    tags: [route.tag],
    summary: route.summary,
    request: { ...(params && { params }), ...(query && { query }), ...(headers && { headers }), ...(body && { body }) },
    responses: answers(route),
  }
}

function answers({ name, answers }: HandRoute): RouteConfig['responses'] {
  const entries = Object.entries(answers).map(([status, { description, headers = [], content = {} }]) => [
    status,
    {
      description,
      headers: headerRefs(headers),
      ...(Object.keys(content).length > 0 && { content: mediaTypes(name, content) }),
    },
  ])
  return Object.fromEntries(entries)
}

function mediaTypes(operation: string, content: Record<string, z.ZodType | 'binary' | 'text'>) {
  const entries = Object.entries(content).map(([type, schema]) => [
    type,
    {
      schema:
        typeof schema === 'string'
          ? { type: 'string', ...(schema === 'binary' && { format: 'binary' }) }
          : namedAnswer(operation, schema),
    },
  ])
  return Object.fromEntries(entries)
}

const SAFE = 'Safe to repeat when the answer was lost.'
const WITH_KEY = 'Safe to repeat with the same `Idempotency-Key` when the answer was lost.'

/** A route's description: what it does, who may call it, its rate limit, and whether it may be repeated. */
function describeUse(route: Route): string {
  const { description, idempotent } =
    'rpc' in route ? route.rpc : { ...route, idempotent: route.method === 'get' || route.method === 'head' }
  const again = 'rpc' in route && takesIdempotencyKey(route) ? WITH_KEY : idempotent && SAFE
  const use = [whoMay(route), counted(route), again].filter(Boolean).join(' ')
  return description ? `${description}\n\n${use}` : use
}

function whoMay({ auth, scope }: Route): string {
  const orKey = scope ? ` or an API key with the scope \`${scope}\`` : ''
  const noKey = scope ? '' : ' API keys are refused.'
  switch (auth) {
    case 'none':
      return 'Needs no access token.'
    case 'optional':
      return `Takes an access token${orKey}, but works without.${noKey}`
    case 'required':
      return `Needs an access token${orKey}.${noKey}`
    case 'support':
      return `Needs an access token of an administrator or of the role support${orKey}.${noKey}`
    case 'admin':
      return `Needs an access token of an administrator${orKey}.${noKey}`
  }
}

function counted(route: Route): string {
  if (route.limit === 'none') return 'Not rate limited.'
  const field = 'rpc' in route && route.countedBy ? ` and by \`${route.countedBy}\`` : ''
  return `Rate limit \`${route.limit}\`, counted by caller${field}.`
}
