import type { RouteConfig } from '@asteasolutions/zod-to-openapi'
import { AppError, ERRORS, type ErrorCode } from '@kinora/common/errors'
import { z } from 'zod'
import type { Route } from '../routes/route.ts'
import { type HeaderName, headerRefs } from './openapi-headers.ts'
import { problemBody, TOKEN_REFUSALS } from './problem.ts'

const EXAMPLE_URL = 'https://video.example.org'

/** RFC 9457. */
export const Problem = z.object({
  type: z.string().meta({
    description:
      'Address of the page that explains the code, its usual cause and what to do; for resumable uploads a type that is registered with IANA.',
    example: `${EXAMPLE_URL}/docs/problems#VALIDATION_FAILED`,
  }),
  title: z
    .string()
    .meta({ description: 'What the code means.', example: 'The request does not have the required shape' }),
  status: z.number().int().meta({ description: 'HTTP status.', example: 400 }),
  code: z
    .enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]])
    .meta({ description: 'Stable code to branch on.', example: 'VALIDATION_FAILED' }),
  detail: z.string().meta({ description: 'What went wrong in this request.', example: 'title: Too small' }),
  requestId: z.string().meta({
    description: 'Id of the request, as in its `X-Request-Id` header.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
  errors: z
    .array(
      z.object({
        path: z.string().meta({ description: 'Field, with dots between levels.', example: 'title' }),
        message: z.string().meta({ description: 'What is wrong with it.', example: 'Too small' }),
      }),
    )
    .optional()
    .meta({ description: 'Every field that is wrong.' }),
  retryable: z.boolean().optional().meta({ description: 'True if the same request may succeed later.', example: true }),
  retryAfterMs: z
    .number()
    .int()
    .optional()
    .meta({ description: 'Milliseconds to wait before the next try.', example: 1000 }),
  'expected-offset': z
    .number()
    .int()
    .optional()
    .meta({ description: 'Bytes of the upload that are stored, where it continues.', example: 12500000 }),
  'provided-offset': z
    .number()
    .int()
    .optional()
    .meta({ description: 'Offset in bytes that the request gave.', example: 25000000 }),
  'max-size': z.number().int().optional().meta({ description: 'Most bytes that a file may have.', example: 104857600 }),
})

const REQUEST_ID = '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55'
const WRONG_FIELDS = [{ path: 'title', message: 'Too small: expected string to have >=1 characters' }]

/** One example of each of these codes, for `components.examples`. */
export function problemExamples(codes: Iterable<ErrorCode>): Record<string, { summary: string; value: object }> {
  const entries = [...codes].sort().map((code) => {
    const error = new AppError(code, code === 'VALIDATION_FAILED' ? { fields: WRONG_FIELDS } : {})
    return [code, { summary: ERRORS[code].title, value: problemBody(error, REQUEST_ID, EXAMPLE_URL) }]
  })
  return Object.fromEntries(entries)
}

/** One answer for each status, with its codes and an example of each. */
export function problems(codes: ReadonlySet<ErrorCode>): RouteConfig['responses'] {
  const statuses = new Set([...codes].map((code) => ERRORS[code].status))
  const entries = [...statuses].map((status) => {
    const here = [...codes].filter((code) => ERRORS[code].status === status)
    const examples = Object.fromEntries(here.map((code) => [code, { $ref: `#/components/examples/${code}` }]))
    return [
      status,
      {
        description: here.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('  \n'),
        headers: headerRefs(HEADERS_OF_STATUS[status] ?? []),
        content: { 'application/problem+json': { schema: Problem, examples } },
      },
    ]
  })
  return Object.fromEntries(entries)
}

const HEADERS_OF_STATUS: Readonly<Record<number, readonly HeaderName[]>> = {
  401: ['WWW-Authenticate'],
  416: ['Content-Range'],
  429: ['Retry-After'],
  503: ['Retry-After'],
}

/** Every code that a route may answer: those that it names, and those of its admission. */
export function codesOf({ auth, scope, project, limit }: Route, errors: readonly ErrorCode[]): Set<ErrorCode> {
  const codes = new Set<ErrorCode>(errors)
  if (auth !== 'none') {
    for (const code of TOKEN_REFUSALS) codes.add(code)
    codes.add(scope ? 'INSUFFICIENT_SCOPE' : 'API_KEY_NOT_ACCEPTED')
  }
  if (auth !== 'optional' && auth !== 'none') codes.add('UNAUTHENTICATED')
  // For members whose role is too low, and for a video that the caller may see without being a member.
  if (auth === 'admin' || auth === 'support' || (auth === 'required' && project !== undefined)) codes.add('FORBIDDEN')
  if (limit !== 'none') codes.add('RATE_LIMITED')
  return codes
}
