import { afterAll, expect } from 'vitest'
import { assertDocumented, type SeenAnswer } from './documented-answers.ts'

/**
 * vitest's setup file: every answer of a gateway that a test gets by `fetch` must match `docs/openapi.json`. A
 * test that gets another answer fails at that request, and its file fails even when the error was caught.
 */
const differences: string[] = []
const plainFetch = globalThis.fetch

globalThis.fetch = async (input, init) => {
  const answer = await plainFetch(input, init)
  // Of all servers of a test run only gateways send this header.
  if (!answer.headers.has('x-request-id')) return answer
  const request = input instanceof Request ? input : new Request(input, { method: init?.method ?? 'GET' })
  try {
    assertDocumented(await seen(request, answer))
    return answer
  } catch (error) {
    differences.push(`${expect.getState().currentTestName ?? 'before the first test'}: ${(error as Error).message}`)
    throw error
  }
}

afterAll(() => {
  globalThis.fetch = plainFetch
  expect(differences).toEqual([])
})

async function seen({ method, url }: Request, answer: Response): Promise<SeenAnswer> {
  const contentType = answer.headers.get('content-type')
  const isJson = /\bjson\b/.test(contentType ?? '')
  const { pathname } = new URL(url)
  const common = { method, path: pathname, status: answer.status, contentType }
  if (!isJson || method === 'HEAD') return common
  // Whether a truncated answer is an error is for the test to decide.
  const body = await answer
    .clone()
    .json()
    .catch(() => undefined)
  return { ...common, body }
}
