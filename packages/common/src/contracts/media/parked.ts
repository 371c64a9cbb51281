import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'

/** The id of the event; for what could not be read, a hash of its body. */
const ParkedId = z.string().regex(/^[\w-]{1,100}$/)
const OneMessage = z.strictObject({ parkedId: ParkedId })
const GONE = ['PARKED_NOT_FOUND'] as const

/** A message that nobody tries again by himself. */
export const Parked = z.object({
  id: z.string(),
  /** `media`: an event that media could not take. `receipts`: a note about a finished upload that cannot be read. */
  origin: z.string(),
  /** The type that the sender gave; null where it gave none. */
  type: z.string().nullable(),
  /** How often it was tried. */
  attempts: z.number().int(),
  /** What went wrong the last time. */
  error: z.object({ code: z.string(), message: z.string() }),
  parkedAt: Timestamp,
})
export type Parked = z.infer<typeof Parked>

/** The message itself, as it came, too. */
export const ParkedInFull = Parked.extend({ body: z.string() })
export type ParkedInFull = z.infer<typeof ParkedInFull>

/** The parking lot, for administrators and the operator's command line. */
export const parked = {
  listParked: {
    summary: 'Messages that have failed for good, newest first; for administrators',
    input: PageQuery,
    output: pageOf(Parked),
    errors: [],
    idempotent: true,
  },
  getParked: {
    summary: 'One message that has failed for good, with what it says; for administrators',
    input: OneMessage,
    output: ParkedInFull,
    errors: GONE,
    idempotent: true,
  },
  redriveParked: {
    summary: 'Send a parked message once more, with all its tries; for administrators',
    input: OneMessage,
    output: Nothing,
    errors: [...GONE, 'PARKED_UNREADABLE'],
    // Whoever asks again after a lost answer is told that it is gone.
    idempotent: false,
  },
  discardParked: {
    summary: 'Remove a parked message for good; for administrators',
    input: OneMessage,
    output: Nothing,
    errors: GONE,
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
