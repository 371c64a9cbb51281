import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'

/** Where rows and files do not agree. */
export const StorageFinding = z.object({
  /** `missing`: a row names files that are not there. `unknown`: there are files that no row names. */
  problem: z.enum(['missing', 'unknown']),
  what: z.enum(['source', 'poster', 'storyboard', 'passport', 'playback', 'watermark', 'attempt', 'video', 'upload']),
  videoId: Id,
  /** How many files. */
  files: z.number().int().positive(),
  /** Storage key of one of them. */
  example: z.string(),
})
export type StorageFinding = z.infer<typeof StorageFinding>

/** How the store and the database fit together. */
export const StoreState = z.enum([
  /** Not looked at yet, or out of reach. */
  'unknown',
  /** The store is this installation's, and the database is as new as the store. */
  'own',
  /** The store is this installation's, but the database is older, or a copy of it is used elsewhere: nothing is removed. */
  'diverged',
  /** The store is another installation's. Nothing is served. */
  'foreign',
  /** The store has files and no marker, and not all of its files are known. Nothing is served. */
  'unmarked',
  /** The store is empty, and the database has videos. Nothing is served. */
  'empty',
])
export type StoreState = z.infer<typeof StoreState>

export const StorageStatus = z.object({
  /** The id in the database. */
  installation: Id,
  /** What an operator repeats to confirm: the first part of the id. */
  name: z.string(),
  publicUrl: z.url(),
  state: StoreState,
  /** What is wrong and what to do about it; null where nothing is. */
  problem: z.string().nullable(),
  /** Whose the store says that it is; null without a marker. */
  storeInstallation: Id.nullable(),
  videos: z.number().int(),
  /** Expired uploads that are not swept before an operator has confirmed, because they are too many at once. */
  sweepWaiting: z.number().int(),
  quarantineDays: z.number().int(),
})
export type StorageStatus = z.infer<typeof StorageStatus>

/** A folder in quarantine. */
export const QuarantinedFolder = z.object({
  /** Where it was: `sources/<video>`, `videos/<video>` or `pieces/<video>`. */
  key: z.string(),
  /** The day on which it was swept, in UTC. */
  day: z.iso.date(),
  files: z.number().int(),
  /** From then on it may be removed. */
  removedAfter: Timestamp,
})
export type QuarantinedFolder = z.infer<typeof QuarantinedFolder>

/** An operator shows which installation is meant by the first part of its id. */
const Confirmed = z.strictObject({ installation: z.string().regex(/^[0-9a-f]{8}$/) })

/** For those who run the installation. */
export const storage = {
  getStorageStatus: {
    summary: 'Tell whether store and database belong together; for administrators, and for services that use the store',
    input: Nothing,
    output: StorageStatus,
    errors: ['FORBIDDEN'],
    idempotent: true,
    callers: ['gateway', 'worker', 'operator'],
  },
  adoptStore: {
    summary: "Make the store this installation's, whatever its marker says; for administrators",
    input: Confirmed,
    output: StorageStatus,
    errors: ['FORBIDDEN', 'INSTALLATION_MISMATCH'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  sweepStorage: {
    summary:
      'Move files that no row names to quarantine, page by page, and let expired uploads be swept; for administrators',
    input: Confirmed.extend({ cursor: z.string().max(500).optional() }),
    output: z.object({
      /** Folders and files that were enqueued to be moved. */
      enqueued: z.number().int(),
      looked: z.number().int(),
      nextCursor: z.string().nullable(),
    }),
    errors: ['FORBIDDEN', 'INSTALLATION_MISMATCH', 'VALIDATION_FAILED'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  listQuarantine: {
    summary: 'List folders in quarantine, oldest day first; for administrators',
    input: PageQuery,
    output: pageOf(QuarantinedFolder),
    errors: ['FORBIDDEN', 'VALIDATION_FAILED'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  restoreFromQuarantine: {
    summary: 'Move a folder out of quarantine, a part of it at a time; for administrators',
    input: z.strictObject({
      day: z.iso.date(),
      key: z
        .string()
        .regex(/^(sources|videos|pieces)\/[0-9a-f-]{36}(\/[0-9A-Za-z._-]+)*$/)
        .max(250),
    }),
    output: z.object({
      restored: z.number().int(),
      /** Files that were left in quarantine, because there is one of the same name. */
      kept: z.number().int(),
      more: z.boolean(),
    }),
    errors: ['FORBIDDEN', 'VALIDATION_FAILED'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  auditStorage: {
    summary: 'Compare the next videos, and after them the next folders in storage, with each other; for administrators',
    input: z.strictObject({ cursor: z.string().max(500).optional() }),
    output: z.object({
      items: z.array(StorageFinding),
      /** Videos and folders that were looked at. */
      looked: z.number().int(),
      nextCursor: z.string().nullable(),
    }),
    errors: ['VALIDATION_FAILED'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
} as const satisfies Record<string, MethodSpec>
