import { type Kysely, sql } from 'kysely'
import type { MediaDb, TaskRow } from '../db/schema.ts'

export type ListedTask = Pick<
  TaskRow,
  | 'id'
  | 'video_id'
  | 'kind'
  | 'label'
  | 'ordinal'
  | 'state'
  | 'attempt'
  | 'worker'
  | 'fraction'
  | 'started_at'
  | 'lease_until'
  | 'cause'
> & { owner_id: string; video_created_at: Date }

/** Where a page ends: the age and id of the video, and the task's place in it. */
export interface TaskPosition {
  videoCreatedAt: string
  videoId: string
  ordinal: number
}

/** Of all videos, newest first; those of one video in the order of work. */
export async function listTasks(
  db: Kysely<MediaDb>,
  filter: { states: readonly TaskRow['state'][]; videoId?: string | undefined },
  page: { limit: number; after: TaskPosition | undefined },
): Promise<ListedTask[]> {
  let query = db
    .selectFrom('tasks')
    .innerJoin('videos', 'videos.id', 'tasks.video_id')
    .select([
      'tasks.id',
      'video_id',
      'kind',
      'label',
      'ordinal',
      'state',
      'attempt',
      'worker',
      'fraction',
      'started_at',
    ])
    .select(['lease_until', 'cause', 'owner_id', 'videos.created_at as video_created_at'])
    .where('state', 'in', [...filter.states])
  if (filter.videoId !== undefined) query = query.where('video_id', '=', filter.videoId)
  if (page.after) {
    const { videoCreatedAt, videoId, ordinal } = page.after
    query = query.where(
      sql<boolean>`(videos.created_at, video_id, -ordinal) < (${videoCreatedAt}::timestamptz, ${videoId}::uuid, ${-ordinal}::integer)`,
    )
  }
  return await query
    .orderBy('videos.created_at', 'desc')
    .orderBy('video_id', 'desc')
    .orderBy('ordinal')
    .limit(page.limit)
    .execute()
}
