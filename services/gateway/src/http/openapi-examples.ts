/** The part of a printed JSON schema that is read here. */
interface JsonSchema {
  $ref?: string
  example?: unknown
  default?: unknown
  const?: unknown
  enum?: unknown[]
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
}

/** The part of a printed document that is read here. */
interface Printed {
  components: { schemas?: Record<string, object>; examples?: Record<string, object> }
}

const SCHEMAS = '#/components/schemas/'
const JSON_TYPE = 'application/json'

/**
 * Gives each JSON body and answer an example, composed of those of its properties. It is defined once under
 * `components.examples`, by the name of its schema.
 */
export function addExamples<D extends Printed>(document: D): D {
  const schemas: Record<string, JsonSchema> = document.components.schemas ?? {}
  const used = new Set<string>()
  const withRefs = visit(document) as D
  const examples = [...used].sort().map((name) => [name, { value: exampleOf(schemas[name] ?? {}, schemas) }])
  const { components } = withRefs
  return {
    ...withRefs,
    components: { ...components, examples: { ...components.examples, ...Object.fromEntries(examples) } },
  }

  function visit(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(visit)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, key === JSON_TYPE ? withExamples(inner) : visit(inner)]),
    )
  }

  function withExamples(media: { schema: JsonSchema }) {
    const names = namesOf(media.schema)
    for (const name of names) used.add(name)
    return {
      ...media,
      examples: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/examples/${name}` }])),
    }
  }
}

/** The schema itself or, of a choice, each alternative. */
function namesOf({ $ref, anyOf, oneOf }: JsonSchema): string[] {
  if ($ref !== undefined) return [$ref.replace(SCHEMAS, '')]
  return (anyOf ?? oneOf ?? []).flatMap(namesOf)
}

function exampleOf(schema: JsonSchema, schemas: Record<string, JsonSchema>): unknown {
  if (schema.example !== undefined) return schema.example
  if (schema.$ref !== undefined) return exampleOf(schemas[schema.$ref.replace(SCHEMAS, '')] ?? {}, schemas)
  const fixed = [schema.const, schema.default, schema.enum?.[0]].find((one) => one !== undefined)
  if (fixed !== undefined) return fixed
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => exampleOf(part, schemas)))
  const choice = (schema.anyOf ?? schema.oneOf)?.[0]
  if (choice) return exampleOf(choice, schemas)
  if (schema.items) return [exampleOf(schema.items, schemas)]
  const properties = Object.entries(schema.properties ?? {})
  return Object.fromEntries(properties.map(([name, property]) => [name, exampleOf(property, schemas)]))
}
