import type { ErrorCode } from '@kinora/common/errors'
import { FILE_HEADERS, type HeaderName, TEXT_HEADERS } from '../http/openapi-headers.ts'
import type { Answer } from './route.ts'

type Content = NonNullable<Answer['content']>

/** What `sendStoredFile` may answer: the file, a range of it, or that the client has it already. */
export function fileAnswers(
  description: string,
  content: Content,
  more: readonly HeaderName[] = [],
): Record<number, Answer> {
  const headers = [...FILE_HEADERS, ...more]
  return {
    200: { description, headers, content },
    206: { description: 'The requested byte range', headers: [...headers, 'Content-Range'], content },
    304: { description: 'Not modified', headers },
  }
}
export const FILE_ERRORS = ['FILE_NOT_FOUND', 'RANGE_NOT_SATISFIABLE'] as const satisfies ErrorCode[]

/** What `sendText` may answer. */
export function textAnswers(description: string, content: Content): Record<number, Answer> {
  return {
    200: { description, headers: TEXT_HEADERS, content },
    304: { description: 'Not modified', headers: TEXT_HEADERS },
  }
}
