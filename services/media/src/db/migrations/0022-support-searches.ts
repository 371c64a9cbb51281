import type { Migration } from '@kinora/common/db'

/** Who supports customers looks for their own name of a video, and for the messages about it. */
export const supportSearches: Migration = {
  name: '0022-support-searches',
  sql: `
  create index videos_by_external_id on videos (external_id, created_at, id) where external_id is not null;
  create index webhook_deliveries_of_video on webhook_deliveries (video_id, created_at, id) where video_id is not null;
  `,
}
