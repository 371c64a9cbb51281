import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'

/** The id of the event, or a hash of a body that could not be read. */
const ParkedId = z.string().regex(/^[\w-]{1,100}$/)
const OneMessage = z.strictObject({
  parkedId: ParkedId.meta({
    description: 'Id of the message: that of its event, or a hash of a body that could not be read.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
})
const GONE = ['PARKED_NOT_FOUND'] as const

/** A dead letter: a message that failed at every attempt and is not retried automatically. */
export const Parked = z.object({
  id: z.string().meta({ description: 'Id of the message.', example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55' }),
  origin: z.string().meta({
    description:
      '`media`: an event that media could not process. `receipts`: a note about a finished upload that cannot be read.',
    example: 'media',
  }),
  type: z
    .string()
    .nullable()
    .meta({ description: 'Type that the sender gave; null without one.', example: 'auth.user-erased' }),
  attempts: z.number().int().meta({ description: 'How often it was tried.', example: 5 }),
  error: z
    .object({
      code: z.string().meta({ description: 'Code of the error.', example: 'INTERNAL' }),
      message: z.string().meta({ description: 'Text of the error.', example: 'Something went wrong' }),
    })
    .meta({ description: 'What went wrong the last time.' }),
  parkedAt: Timestamp.meta({ description: 'When it was parked (UTC).' }),
})
export type Parked = z.infer<typeof Parked>

/** A dead letter with the message itself. */
export const ParkedInFull = Parked.extend({
  body: z.string().meta({ description: 'The message as it came.', example: '{}' }),
})
export type ParkedInFull = z.infer<typeof ParkedInFull>

/** Dead letters, for administrators and the operator's command line. */
export const parked = {
  listParked: {
    summary: 'List dead letters',
    description: 'Messages that failed at every attempt, newest first; for administrators.',
    input: PageQuery,
    output: pageOf(Parked),
    errors: [],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  getParked: {
    summary: 'Get a dead letter',
    description: 'A message that failed at every attempt, with its content; for administrators.',
    input: OneMessage,
    output: ParkedInFull,
    errors: GONE,
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  redriveParked: {
    summary: 'Redrive a dead letter',
    description: 'Sends the message again, with all its attempts; for administrators.',
    input: OneMessage,
    output: Nothing,
    errors: [...GONE, 'PARKED_UNREADABLE'],
    // A repeated call answers `PARKED_NOT_FOUND`.
    idempotent: false,
    callers: ['gateway', 'operator'],
  },
  discardParked: {
    summary: 'Discard a dead letter',
    description: 'Deletes the message permanently; for administrators.',
    input: OneMessage,
    output: Nothing,
    errors: GONE,
    idempotent: false,
    callers: ['gateway', 'operator'],
  },
} as const satisfies Record<string, MethodSpec>
