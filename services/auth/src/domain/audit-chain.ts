import { createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** A row of the audit log by its columns; times as text with microseconds, `2026-01-31T12:00:00.000000Z`. */
export type ChainedRow = Record<string, unknown> & {
  sequence: string
  ip: string | null
  user_agent: string | null
  personal_salt: Buffer | null
  personal_digest: Buffer
  previous_hash: Buffer
  hash: Buffer
}

/** The last row up to which a chain is verified. */
export interface ChainPlace {
  sequence: number
  hash: Buffer
}

/**
 * - `changed`: a column of this row was edited.
 * - `missing`: the row with this number was removed.
 * - `misplaced`: the row is genuine but does not follow the one before it.
 * - `head`: the rows are intact, but the head of the chain does not match them.
 */
export interface ChainProblem {
  kind: 'changed' | 'missing' | 'misplaced' | 'head'
  sequence: number
}

export const CHAIN_START: ChainPlace = { sequence: 0, hash: Buffer.alloc(32) }

/** Columns outside a row's hash: the hash itself, and those that may be erased. */
const UNHASHED = new Set(['ip', 'user_agent', 'personal_salt', 'hash'])

/**
 * The chain's key, derived from auth's secret (RFC 5869), so that write access to the database is not enough to forge a
 * chain.
 */
export function auditChainKey(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'kinora audit chain', 32))
}

/** The row for `draft` that follows `place`, with the columns of the chain. */
export function chained<T extends { ip: string | null; user_agent: string | null; at: Date }>(
  key: Buffer,
  place: ChainPlace,
  draft: T,
) {
  const personal_salt = randomBytes(16)
  const row = {
    ...draft,
    sequence: String(place.sequence + 1),
    personal_salt,
    personal_digest: personalDigest(key, personal_salt, draft),
    previous_hash: place.hash,
  }
  return { ...row, hash: rowHash(key, { ...row, at: exactTime(draft.at) }) }
}

/** Checks rows that should follow `place`. Returns the first problem, or the place of the last row. */
export function verifyChain(key: Buffer, place: ChainPlace, rows: readonly ChainedRow[]): ChainPlace | ChainProblem {
  let { sequence, hash } = place
  for (const row of rows) {
    if (Number(row.sequence) !== sequence + 1) return { kind: 'missing', sequence: sequence + 1 }
    sequence += 1
    if (!originHolds(key, row) || !rowHash(key, row).equals(row.hash)) return { kind: 'changed', sequence }
    if (!row.previous_hash.equals(hash)) return { kind: 'misplaced', sequence }
    hash = row.hash
  }
  return { sequence, hash }
}

/** The problem with the head of a chain whose rows end at `place`; null if it matches. */
export function verifyHead(place: ChainPlace, head: ChainPlace): ChainProblem | null {
  if (head.sequence > place.sequence) return { kind: 'missing', sequence: place.sequence + 1 }
  if (head.sequence < place.sequence || !head.hash.equals(place.hash)) return { kind: 'head', sequence: head.sequence }
  return null
}

/** Whether the origin matches its digest. An erased origin cannot be checked and counts as intact. */
function originHolds(key: Buffer, { ip, user_agent, personal_salt, personal_digest }: ChainedRow): boolean {
  if (ip === null && user_agent === null) return true
  return personal_salt !== null && personalDigest(key, personal_salt, { ip, user_agent }).equals(personal_digest)
}

function personalDigest(key: Buffer, salt: Buffer, origin: Pick<ChainedRow, 'ip' | 'user_agent'>): Buffer {
  return createHmac('sha256', key)
    .update(salt)
    .update(JSON.stringify([origin.ip, origin.user_agent]))
    .digest()
}

function rowHash(key: Buffer, row: Record<string, unknown>): Buffer {
  return createHmac('sha256', key).update(canonicalForm(row)).digest()
}

/**
 * All columns in alphabetical order of their names. Null columns are left out, so that a column added later does not change
 * the hashes of older rows.
 */
function canonicalForm(row: Record<string, unknown>): string {
  const names = Object.keys(row).filter((name) => !UNHASHED.has(name) && row[name] !== null && row[name] !== undefined)
  return JSON.stringify(names.toSorted().map((name) => [name, asText(row[name])]))
}

function asText(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value)
}

function exactTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z')
}
