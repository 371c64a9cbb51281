import { z } from 'zod'
import { NO_CONTROL, NO_CONTROL_BUT_LINES } from '../shared.ts'

/** Half of a surrogate pair is no character: PostgreSQL takes it neither as text nor in JSON. */
const isWellFormed = (text: string) => !/\p{Cs}/u.test(text)
const NOT_WELL_FORMED = 'must be valid Unicode'

/** What another system calls a video. */
export const ExternalId = z.string().trim().min(1).max(200).regex(NO_CONTROL).refine(isWellFormed, NOT_WELL_FORMED)

const Key = z.string().min(1).max(40).regex(NO_CONTROL).refine(isWellFormed, NOT_WELL_FORMED)
const Value = z.string().max(500).regex(NO_CONTROL_BUT_LINES).refine(isWellFormed, NOT_WELL_FORMED)

const MAX_PAIRS = 50
/** Each pair of a filter is one more look-up in the index. */
const MAX_FILTERED_PAIRS = 10

function pairs(most: number) {
  const few = (value: Record<string, string>) => Object.keys(value).length <= most
  return z.record(Key, Value).refine(few, `must have at most ${most} pairs`)
}

/** What another system keeps with a video: pairs of strings. */
export const Metadata = pairs(MAX_PAIRS)
export type Metadata = z.infer<typeof Metadata>

/** Pairs that the metadata of a video must have, among others. */
export const MetadataFilter = pairs(MAX_FILTERED_PAIRS)
