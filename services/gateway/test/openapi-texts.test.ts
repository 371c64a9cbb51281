import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'

interface Schema {
  [keyword: string]: unknown
  properties?: Record<string, Schema>
}
interface MediaType {
  schema: Schema
  examples?: Record<string, { $ref: string }>
}
interface Parameter {
  name: string
  description?: string
  example?: unknown
  schema: Schema
}
interface Response {
  $ref?: string
  description?: string
  content?: Record<string, MediaType>
}
interface Operation {
  operationId: string
  summary?: string
  description?: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, MediaType> }
  responses: Record<string, Response>
}
interface Example {
  value: { status?: number; code?: string; errors?: unknown[] }
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  webhooks: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, Schema>
    examples: Record<string, Example>
    responses: Record<string, Response>
    headers: Record<string, { description?: string; schema: Schema }>
  }
}

const document: Document = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'))
const { schemas, examples, responses, headers } = document.components
const operations = Object.entries({ ...document.paths, ...document.webhooks }).flatMap(([path, verbs]) =>
  Object.entries(verbs).map(([verb, operation]) => ({ name: `${verb} ${path}`, ...operation })),
)
const answers = operations.flatMap(({ name, responses: own }) =>
  Object.entries(own).map(([status, response]) => ({
    at: `${name}: ${status}`,
    status,
    ...(response.$ref ? responses[lastOf(response.$ref)] : response),
  })),
)

function lastOf(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}

/** Every property below a schema, with its address. References are followed where they lead, once. */
function properties(value: unknown, at: string): { at: string; schema: Schema }[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'example' || key === 'examples' || key === 'default') return []
    if (key !== 'properties') return properties(inner, Array.isArray(value) ? at : `${at}/${key}`)
    const own = Object.entries(inner as Record<string, Schema>)
    return own.flatMap(([name, schema]) => [{ at: `${at}.${name}`, schema }, ...properties(schema, `${at}.${name}`)])
  })
}

/** Of the schema itself or of one that it refers to. */
function has(schema: Schema | undefined, keyword: 'description' | 'example'): boolean {
  if (!schema) return false
  if (keyword in schema) return true
  if (typeof schema.$ref === 'string') return has(schemas[lastOf(schema.$ref)], keyword)
  return Array.isArray(schema.allOf) && schema.allOf.some((part: Schema) => has(part, keyword))
}

/** Objects and lists of objects have examples in their properties. */
function isComposite(schema: Schema): boolean {
  if (typeof schema.$ref === 'string') return isComposite(schemas[lastOf(schema.$ref)] ?? {})
  if (schema.items) return isComposite(schema.items as Schema)
  return ['properties', 'allOf', 'anyOf', 'additionalProperties'].some((keyword) => keyword in schema)
}

const allProperties = [
  ...Object.entries(schemas).flatMap(([name, schema]) => properties(schema, name)),
  ...properties({ ...document.paths, ...document.webhooks }, 'paths'),
]

describe('docs/openapi.json has', () => {
  it.each(operations)('a short summary and a description of $name', ({ summary = '', description = '' }) => {
    expect(summary).toMatch(/^[A-Z][^.;]{3,59}$/)
    expect(description).toMatch(/^[A-Z`].*\.$/s)
  })

  it('a description and an example of each parameter', () => {
    const incomplete = operations.flatMap(({ name, parameters = [] }) =>
      parameters
        .filter(({ schema, ...own }) => {
          const whole = { ...schema, ...own }
          return !has(whole, 'description') || !has(whole, 'example')
        })
        .map((parameter) => `${name}: ${parameter.name}`),
    )
    expect(incomplete).toEqual([])
  })

  it('a description and an example of each header', () => {
    const incomplete = Object.entries(headers).filter(
      ([, header]) => !header.description || !has(header.schema, 'example'),
    )
    expect(incomplete).toEqual([])
  })

  it('a description of each property, and an example of it or of its parts', () => {
    expect(allProperties.length).toBeGreaterThan(500)
    const undescribed = allProperties.filter(({ schema }) => !has(schema, 'description'))
    const withoutExample = allProperties.filter(({ schema }) => !has(schema, 'example') && !isComposite(schema))
    expect({
      undescribed: undescribed.map(({ at }) => at),
      withoutExample: withoutExample.map(({ at }) => at),
    }).toEqual({
      undescribed: [],
      withoutExample: [],
    })
  })

  it('a description of each answer', () => {
    expect(answers.filter(({ description }) => !description).map(({ at }) => at)).toEqual([])
  })
})

describe('examples of whole bodies', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ ...document, $id: 'document' })
  const bodies = [
    ...operations.map(({ name, requestBody }) => ({ at: `${name}: body`, content: requestBody?.content ?? {} })),
    ...answers.map(({ at, content = {} }) => ({ at, content })),
  ].flatMap(({ at, content }) => Object.entries(content).map(([type, media]) => ({ at: `${at} ${type}`, type, media })))
  const ofJson = bodies.filter(({ type }) => /\bjson\b/.test(type))

  it('are there for every body in JSON, and fit its schema', () => {
    expect(ofJson.length).toBeGreaterThan(500)
    for (const { at, media } of ofJson) {
      const schema = JSON.parse(JSON.stringify(media.schema).replaceAll('"#/', '"document#/'))
      const validate = ajv.compile(schema)
      const refs = Object.values(media.examples ?? {})
      expect(refs, at).not.toEqual([])
      for (const { $ref } of refs) {
        const value = examples[lastOf($ref)]?.value
        expect({ at, $ref, ok: validate(value), errors: validate.errors }).toMatchObject({ ok: true })
      }
    }
  })

  it('show every common refusal with its status', () => {
    const shown = Object.values(examples).flatMap(({ value }) => value.status ?? [])
    expect(shown).toEqual(expect.arrayContaining([400, 401, 403, 404, 409, 413, 415, 429, 503]))
    expect(examples.VALIDATION_FAILED?.value.errors).toHaveLength(1)
    const misplaced = answers.flatMap(({ at, status, content }) =>
      Object.keys(content?.['application/problem+json']?.examples ?? {})
        .filter((code) => String(examples[code]?.value.status) !== status)
        .map((code) => `${at} ${code}`),
    )
    expect(misplaced).toEqual([])
  })
})
