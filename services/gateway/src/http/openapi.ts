import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi'
import type { Method } from '@kinora/common/contract'
import { ERRORS, type ErrorCode } from '@kinora/common/errors'
import { z } from 'zod'
import type { CookieUse, HandRoute, Route, RpcRoute } from '../routes/route.ts'
import { TAGS } from '../routes/tags.ts'
import { TUS_PATH } from '../uploads/tus.ts'
import { HEADERS, type HeaderName, headerRefs } from './openapi-headers.ts'
import {
  CookieHolderHeaders,
  CookieSessionHeaders,
  namedAnswer,
  namedBody,
  nameSharedSchemas,
  Problem,
  SignedInByCookie,
} from './openapi-schemas.ts'
import { WEBHOOK } from './openapi-webhook.ts'
import { TOKEN_REFUSALS } from './problem.ts'

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
const BETWEEN_SERVICES: ErrorCode[] = ['DEPENDENCY_UNAVAILABLE', 'TIMEOUT', 'INTERNAL']

/** The OpenAPI 3.1 description of these routes, read off their rows and contracts. */
export function openApiDocument(routes: readonly Route[]): object {
  nameSharedSchemas()
  const registry = new OpenAPIRegistry()
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
    registry.registerComponent('securitySchemes', name, scheme)
  }
  for (const route of routes) {
    const config = 'rpc' in route ? describeRpc(route) : describeByHand(route)
    registry.registerPath({ ...config, responses: withHeaders(route, config.responses), security: securityOf(route) })
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
  return { ...document, components: { ...document.components, schemas: Object.fromEntries(schemas) } }
}

/** The headers that every answer of a route has, and those that follow from its status. */
function withHeaders({ path, limit }: Route, responses: RouteConfig['responses']): RouteConfig['responses'] {
  const common: HeaderName[] = [
    'X-Request-Id',
    ...(limit === 'none' ? [] : (['RateLimit-Policy', 'RateLimit'] as const)),
    ...(path.startsWith(TUS_PATH) ? (['Tus-Resumable'] as const) : []),
  ]
  const entries = Object.entries(responses).map(([status, response]) => {
    const isProblem = 'content' in response && 'application/problem+json' in (response.content ?? {})
    const names = [...common, ...(isProblem ? (HEADERS_OF_PROBLEM[status] ?? []) : [])]
    return [status, { ...response, headers: { ...headerRefs(names), ...('headers' in response && response.headers) } }]
  })
  return Object.fromEntries(entries)
}

const HEADERS_OF_PROBLEM: Readonly<Record<string, readonly HeaderName[]>> = {
  401: ['WWW-Authenticate'],
  416: ['Content-Range'],
  429: ['Retry-After'],
  503: ['Retry-After'],
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

function describeRpc(route: RpcRoute): RouteConfig {
  const { rpc, method, path, status } = route
  const [params, rest] = splitInput(rpc, path)
  const hasRest = rest !== undefined && Object.keys(rest.shape).length > 0
  const cookie = route.cookie && cookieVariant(rpc, route.cookie)
  const takesQuery = method === 'get'
  return {
    method,
    path: templatePath(path),
    operationId: rpc.name,
    tags: [route.tag],
    summary: rpc.summary,
    request: {
      ...(params && { params }),
      ...(cookie && { headers: cookie.headers }),
      ...(hasRest && takesQuery && { query: rest }),
      ...(hasRest && !takesQuery && { body: jsonBody(rpc.name, rest) }),
    },
    responses: {
      [status]:
        status === 204
          ? { description: 'Done' }
          : {
              description: rpc.summary,
              content: { 'application/json': { schema: namedAnswer(rpc.name, cookie?.answer ?? rpc.output) } },
            },
      ...(route.instead && {
        [route.instead.status]: {
          description: 'Something else comes first',
          content: { 'application/json': { schema: route.instead.output } },
        },
      }),
      ...problems(route, [...rpc.errors, ...(cookie?.errors ?? []), 'VALIDATION_FAILED', ...BETWEEN_SERVICES]),
    },
  }
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
  const fields = Object.entries(rpc.input.shape)
  const pick = (inPath: boolean) => Object.fromEntries(fields.filter(([name]) => names.includes(name) === inPath))
  return [z.strictObject(pick(true)), z.strictObject(pick(false))]
}

function describeByHand(route: HandRoute): RouteConfig {
  const { params, query, headers, requestBody } = route
  const body = requestBody && {
    description: requestBody.description,
    required: true,
    content: { [requestBody.contentType]: { schema: { type: 'string' as const, format: 'binary' } } },
  }
  return {
    method: route.method,
    path: templatePath(route.path),
    operationId: route.name,
    tags: [route.tag],
    summary: route.summary,
    request: { ...(params && { params }), ...(query && { query }), ...(headers && { headers }), ...(body && { body }) },
    responses: { ...answers(route), ...problems(route, route.errors) },
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

/** One answer for each status, naming its codes. */
function problems({ auth, scope, limit }: Route, errors: readonly ErrorCode[]): RouteConfig['responses'] {
  const codes = new Set<ErrorCode>(errors)
  if (auth !== 'none') {
    for (const code of TOKEN_REFUSALS) codes.add(code)
    codes.add(scope ? 'INSUFFICIENT_SCOPE' : 'API_KEY_NOT_ACCEPTED')
  }
  if (auth === 'required' || auth === 'admin') codes.add('UNAUTHENTICATED')
  if (auth === 'admin') codes.add('FORBIDDEN')
  if (limit !== 'none') codes.add('RATE_LIMITED')
  const responses: RouteConfig['responses'] = {}
  for (const status of new Set([...codes].map((code) => ERRORS[code].status))) {
    const names = [...codes].filter((code) => ERRORS[code].status === status)
    responses[status] = {
      description: names.join(', '),
      content: { 'application/problem+json': { schema: Problem } },
    }
  }
  return responses
}
