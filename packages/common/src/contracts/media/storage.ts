import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'

/** A difference between rows and files. */
export const StorageFinding = z.object({
  /** `missing`: a row names files that do not exist. `unknown`: files exist that no row names. */
  problem: z.enum(['missing', 'unknown']),
  what: z.enum([
    'source',
    'poster',
    'storyboard',
    'passport',
    'playback',
    'watermark',
    'still',
    'attempt',
    'video',
    'upload',
  ]),
  videoId: Id,
  /** Number of files. */
  files: z.number().int().positive(),
  /** Storage key of one of them. */
  example: z.string(),
})
export type StorageFinding = z.infer<typeof StorageFinding>

/** Whether the store and the database belong together. */
export const StoreState = z.enum([
  /** Not compared yet, or not reachable. */
  'unknown',
  /** The store belongs to this installation, and the database is as new as the store. */
  'own',
  /** The store belongs to this installation, but the database is older or a copy of it is in use: nothing is removed. */
  'diverged',
  /** The store belongs to another installation. Nothing is served. */
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
  /** The first part of the id, which an operator repeats to confirm. */
  name: z.string(),
  publicUrl: z.url(),
  state: StoreState,
  /** What is wrong and what to do about it; null if nothing is wrong. */
  problem: z.string().nullable(),
  /** The installation that the store's marker names; null without a marker. */
  storeInstallation: Id.nullable(),
  videos: z.number().int(),
  /** Expired uploads that are swept only after an operator has confirmed, because they are unusually many. */
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
  /** It may be removed after this time. */
  removedAfter: Timestamp,
})
export type QuarantinedFolder = z.infer<typeof QuarantinedFolder>

/** The operator confirms the installation by the first part of its id. */
const Confirmed = z.strictObject({ installation: z.string().regex(/^[0-9a-f]{8}$/) })

/** The store of the installation, for its operators. */
export const storage = {
  getStorageStatus: {
    summary: 'Get whether store and database belong together; for administrators and for services that use the store',
    input: Nothing,
    output: StorageStatus,
    errors: ['FORBIDDEN'],
    idempotent: true,
    callers: ['gateway', 'worker', 'operator'],
  },
  adoptStore: {
    summary: 'Claim the store for this installation, even if its marker names another; for administrators',
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
    summary: 'Restore a folder from quarantine, page by page; for administrators',
    input: z.strictObject({
      day: z.iso.date(),
      key: z
        .string()
        .regex(/^(sources|videos|pieces)\/[0-9a-f-]{36}(\/[0-9A-Za-z._-]+)*$/)
        .max(250),
    }),
    output: z.object({
      restored: z.number().int(),
      /** Files that stay in quarantine, because newer ones with their names exist. */
      kept: z.number().int(),
      more: z.boolean(),
    }),
    errors: ['FORBIDDEN', 'VALIDATION_FAILED'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  auditStorage: {
    summary:
      'Compare rows and files, page by page: first of all videos, then of all folders in storage; for administrators',
    input: z.strictObject({ cursor: z.string().max(500).optional() }),
    output: z.object({
      items: z.array(StorageFinding),
      /** Number of videos and folders that were compared. */
      looked: z.number().int(),
      nextCursor: z.string().nullable(),
    }),
    errors: ['VALIDATION_FAILED'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
} as const satisfies Record<string, MethodSpec>
