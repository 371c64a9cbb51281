import type { Context } from '../context.ts'
import { isSweepConfirmed } from '../repositories/installation.ts'
import { countAbandoned } from '../repositories/uploads.ts'

/** More than this many times the limit of one account, of all accounts together, is no everyday sweep either. */
const ALL_ACCOUNTS = 5

export interface SweepPlan {
  /** Abandoned uploads that are swept only after an operator has confirmed. */
  waiting: number
  /** Accounts with more abandoned uploads than this are left alone; null: none is. */
  limitPerOwner: number | null
}

/** Whether abandoned uploads are as few as on any day, or so many that a clock or the database is rather wrong. */
export async function planSweep({ db, config }: Pick<Context, 'db' | 'config'>): Promise<SweepPlan> {
  if (await isSweepConfirmed(db)) return { waiting: 0, limitPerOwner: null }
  const { SWEEP_LIMIT } = config
  const { all, overLimit } = await countAbandoned(db, SWEEP_LIMIT)
  if (all > ALL_ACCOUNTS * SWEEP_LIMIT) return { waiting: all, limitPerOwner: 0 }
  return { waiting: overLimit, limitPerOwner: SWEEP_LIMIT }
}
