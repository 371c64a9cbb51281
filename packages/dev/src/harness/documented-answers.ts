import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { REPOSITORY } from '../repository.ts'

/** An answer as a client sees it. */
export interface SeenAnswer {
  method: string
  path: string
  status: number
  /** Null without a content type. */
  contentType: string | null
  /** Of answers in JSON; undefined where it was not read. */
  body?: unknown
}

type Json = Record<string, unknown>
type MediaType = { schema: Json; examples?: Json }
type Documented = { content?: Record<string, MediaType> }
type Operation = { operationId: string; responses: Record<string, Documented | { $ref: string }> }
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Json>; responses: Record<string, Documented> }
}

const PROBLEM = 'application/problem+json'
/** Answered before an operation is known, so no operation lists them. */
const OF_ANY_ADDRESS = ['METHOD_NOT_ALLOWED', 'ROUTE_NOT_FOUND']
/** Parts of the API; at other addresses there are pages and files that the document does not describe. */
const API = /^\/(v1|play)\//

let documented: DocumentedAnswers | undefined

/** Throws unless the answer is one that `docs/openapi.json` has for this operation. */
export function assertDocumented(answer: SeenAnswer): void {
  documented ??= new DocumentedAnswers()
  const difference = documented.differenceOf(answer)
  if (difference !== null) throw new Error(difference)
}

/** Tells how an answer differs from `docs/openapi.json`: a status, a content type, a code, a field. */
export class DocumentedAnswers {
  readonly #document: Document
  readonly #paths: { template: string; pattern: RegExp }[]
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true })
  readonly #validators = new Map<string, ValidateFunction>()

  constructor(document: Document = JSON.parse(readFileSync(`${REPOSITORY}docs/openapi.json`, 'utf8'))) {
    this.#document = document
    addFormats.default(this.#ajv)
    // Fixed segments before parameters, so that /users/me is not taken for /users/{id}.
    this.#paths = Object.keys(document.paths)
      .sort((a, b) => (a.replaceAll('{', '~') < b.replaceAll('{', '~') ? -1 : 1))
      .map((template) => ({ template, pattern: patternOf(template) }))
  }

  /** A sentence that names operation and path, or null where the answer is as documented. */
  differenceOf(answer: SeenAnswer): string | null {
    const path = answer.path.split('?')[0] ?? ''
    const template = this.#paths.find(({ pattern }) => pattern.test(path))?.template
    const operations = template === undefined ? undefined : this.#document.paths[template]
    const method = answer.method.toLowerCase()
    const operation = operations?.[method] ?? (method === 'head' ? operations?.get : undefined)
    const difference = operation ? this.#differs(operation, answer) : this.#differsWithout(path, answer)
    const name = operation ? `${operation.operationId}, ` : ''
    return difference && `${name}${answer.method} ${template ?? path} answered ${answer.status}: ${difference}`
  }

  #differs({ responses }: Operation, { method, status, contentType, body }: SeenAnswer): string | null {
    const documented = this.#follow(responses[status])
    if (!documented) return `the document has only ${Object.keys(responses).join(', ')}; ${JSON.stringify(body)}`
    const { content = {} } = documented
    const types = Object.keys(content)
    if (types.length === 0 || method.toUpperCase() === 'HEAD') return null
    const type = essence(contentType)
    const media = content[type]
    if (!media) return `the content type is ${type || 'missing'}, not ${types.join(' or ')}`
    if (body === undefined) return null
    return codeDiffers(type, media, body) ?? this.#bodyDiffers(media.schema, body)
  }

  #follow(response: Documented | { $ref: string } | undefined): Documented | undefined {
    if (!response || !('$ref' in response)) return response
    return this.#document.components.responses[response.$ref.replace('#/components/responses/', '')]
  }

  /** CORS preflights are not part of the document, nor are refusals of what it does not have. */
  #differsWithout(path: string, { method, contentType, body }: SeenAnswer): string | null {
    if (method.toUpperCase() === 'OPTIONS' || !API.test(path)) return null
    if (essence(contentType) !== PROBLEM || body === undefined) return 'the document does not have this operation'
    const code = codeOf(body)
    if (!OF_ANY_ADDRESS.includes(code)) return `the document does not have this operation, but its code is ${code}`
    return this.#bodyDiffers({ $ref: '#/components/schemas/Problem' }, body)
  }

  #bodyDiffers(schema: Json, body: unknown): string | null {
    const key = JSON.stringify(schema)
    let validate = this.#validators.get(key)
    if (!validate) {
      validate = this.#ajv.compile(closed(resolved(schema, this.#document.components.schemas)))
      this.#validators.set(key, validate)
    }
    if (validate(body)) return null
    const errors = validate.errors?.map(
      ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    )
    return `${errors?.join('; ')}; the body was ${JSON.stringify(body).slice(0, 2000)}`
  }
}

function codeDiffers(type: string, { examples = {} }: MediaType, body: unknown): string | null {
  if (type !== PROBLEM) return null
  const code = codeOf(body)
  return code in examples ? null : `the code is ${code}, not ${Object.keys(examples).join(' or ')}`
}

function codeOf(problem: unknown): string {
  return String((problem as { code?: unknown } | null)?.code)
}

/** `{file}` matches the rest of the path, every other parameter one segment or a part of it. */
function patternOf(template: string): RegExp {
  const escaped = template.replace(/[.]/g, '\\.')
  return new RegExp(`^${escaped.replace(/\{(\w+)\}/g, (_, name) => (name === 'file' ? '.+' : '[^/]+?'))}$`)
}

function essence(contentType: string | null): string {
  return contentType?.split(';')[0]?.trim() ?? ''
}

/** With the schemas themselves instead of references to them. */
function resolved(value: unknown, schemas: Record<string, Json>): unknown {
  if (Array.isArray(value)) return value.map((inner) => resolved(inner, schemas))
  if (typeof value !== 'object' || value === null) return value
  if ('$ref' in value) return resolved(schemas[String(value.$ref).replace('#/components/schemas/', '')], schemas)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner, schemas)]))
}

/** Fields that the document does not name are differences, too. */
function closed(schema: unknown, isPart = false): Json {
  const entries = Object.entries(schema as Json).map(([key, value]) => {
    if (key === 'properties') {
      return [key, Object.fromEntries(Object.entries(value as Json).map(([name, inner]) => [name, closed(inner)]))]
    }
    if (key === 'allOf') return [key, (value as unknown[]).map((inner) => closed(inner, true))]
    if (key === 'anyOf' || key === 'oneOf') return [key, (value as unknown[]).map((inner) => closed(inner))]
    if ((key === 'items' || key === 'additionalProperties') && typeof value === 'object') return [key, closed(value)]
    return [key, value]
  })
  const isOpen = !isPart && ('properties' in (schema as Json) || 'allOf' in (schema as Json))
  const hasOwnRule = 'additionalProperties' in (schema as Json)
  return Object.fromEntries([...entries, ...(isOpen && !hasOwnRule ? [['unevaluatedProperties', false]] : [])])
}
