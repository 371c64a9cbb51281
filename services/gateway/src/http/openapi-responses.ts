type Responses = Record<string, { content?: Record<string, unknown> } | { $ref: string }>
interface Printed {
  paths: Record<string, Record<string, { responses: Responses }>>
  components: object
}

/**
 * Puts refusals that several operations share under `components.responses`, which makes the document half as long. Their
 * names count up for each status, in the order of the operations.
 */
export function shareResponses<D extends Printed>(document: D): D {
  const texts = operationsOf(document).flatMap(({ responses }) => Object.values(responses).filter(isProblem).map(text))
  const isShared = (one: string) => texts.indexOf(one) !== texts.lastIndexOf(one)
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  const paths = mapValues(document.paths, (verbs) =>
    mapValues(verbs, (operation) => ({
      ...operation,
      responses: Object.fromEntries(
        Object.entries(operation.responses).map(([status, response]) => [status, shared(status, response)]),
      ),
    })),
  )
  const responses = Object.fromEntries([...names].map(([one, name]) => [name, JSON.parse(one)]))
  return { ...document, paths, components: { ...document.components, responses } }

  function shared(status: string, response: Responses[string]): Responses[string] {
    const one = text(response)
    if (!isProblem(response) || !isShared(one)) return response
    const name = names.get(one) ?? nextName(status)
    names.set(one, name)
    return { $ref: `#/components/responses/${name}` }
  }

  function nextName(status: string): string {
    const count = (counts.get(status) ?? 0) + 1
    counts.set(status, count)
    return `Problem${status}${count === 1 ? '' : `-${count}`}`
  }
}

const text = (value: unknown) => JSON.stringify(value)

function isProblem(response: Responses[string]): boolean {
  return 'content' in response && 'application/problem+json' in (response.content ?? {})
}

function operationsOf({ paths }: Printed) {
  return Object.values(paths).flatMap((verbs) => Object.values(verbs))
}

function mapValues<T, R>(record: Record<string, T>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
