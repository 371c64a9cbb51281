import { sql } from 'kysely'
import type { Db, Tx } from '../db/schema.ts'
import type { EtaInputs, Measured } from '../domain/eta.ts'

/** The weights of other kinds of tasks do not predict their duration. */
const WEIGHED = sql`task.kind in ('audio', 'video')`

/** A running task with a smaller fraction done has spent its time on starting: its speed would be far too low. */
const TELLING_FRACTION = 0.1

/** How many recently ended tasks of other videos are measured. */
const RECENT_TASKS = 20

/** The inputs for the estimate of when a video will be ready, as of one moment, without locks. */
export async function etaInputs(tx: Tx, videoId: string): Promise<EtaInputs> {
  const { own, remaining, waits } = await ownWork(tx, videoId)
  const { backlog, slots } = await othersWork(tx, videoId)
  return { own, remaining, recent: await recentWork(tx, videoId), backlog: waits ? backlog : 0, slots }
}

async function ownWork(tx: Tx, videoId: string): Promise<{ own: Measured; remaining: number[]; waits: boolean }> {
  const { rows } = await sql<{ weight: number; waits: boolean; done: number; seconds: number | null }>`
    select task.weight, task.state in ('waiting', 'queued') as waits,
      case task.state when 'done' then task.weight when 'running' then task.weight * task.fraction else 0 end as done,
      case when task.state = 'done' or (task.state = 'running' and task.fraction >= ${TELLING_FRACTION})
        then extract(epoch from coalesce(attempt.ended_at, now()) - attempt.started_at)::double precision
        end as seconds
    from tasks task left join task_attempts attempt
      on attempt.task_id = task.id and attempt.attempt = task.attempt
    where task.video_id = ${videoId} and task.early_share is null and ${WEIGHED}`.execute(tx)
  const measured = rows.filter(({ seconds }) => seconds !== null)
  const sum = (of: (row: (typeof rows)[number]) => number) => measured.reduce((total, row) => total + of(row), 0)
  return {
    own: { weight: sum((row) => row.done), seconds: sum((row) => row.seconds ?? 0) },
    remaining: rows.map(({ weight, done }) => weight - done).filter((left) => left > 0),
    waits: rows.some(({ waits }) => waits),
  }
}

/** Other videos' tasks that run or have priority, see `domain/priority.ts`. Deferred ones wait for tasks of their own project. */
async function othersWork(tx: Tx, videoId: string): Promise<{ backlog: number; slots: number }> {
  const { rows } = await sql<{ backlog: number; slots: number }>`
    with in_work as (
      select id, created_at, least(row_number() over (partition by project_id order by created_at, id), 5) as place
      from videos where status in ('uploaded', 'processing')
    ), alive as (
      select task.id from tasks task where task.state = 'running' and task.lease_until > now() and ${WEIGHED}
    )
    select (select count(*)::integer from alive) as slots, coalesce(sum(task.weight * (1 - task.fraction)), 0) as backlog
    from tasks task
      join in_work other on other.id = task.video_id
      join in_work this on this.id = ${videoId} and this.id <> other.id
    where ${WEIGHED} and not task.held and (task.state = 'running' or (task.state in ('waiting', 'queued') and (
      task.ordinal in (1, 2)
      or (other.place, other.created_at, other.id) < (this.place, this.created_at, this.id))))`.execute(tx)
  return rows[0] ?? { backlog: 0, slots: 0 }
}

async function recentWork(tx: Db, videoId: string): Promise<Measured> {
  const { rows } = await sql<Measured>`
    select coalesce(sum(weight), 0) as weight, coalesce(sum(seconds), 0)::double precision as seconds from (
      select task.weight, extract(epoch from attempt.ended_at - attempt.started_at) as seconds
      from task_attempts attempt join tasks task on task.id = attempt.task_id
      where attempt.state = 'done' and attempt.ended_at > now() - interval '1 hour'
        and task.video_id <> ${videoId} and ${WEIGHED}
      order by attempt.ended_at desc limit ${RECENT_TASKS}
    ) lately`.execute(tx)
  return rows[0] ?? { weight: 0, seconds: 0 }
}
