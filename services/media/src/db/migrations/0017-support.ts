import type { Migration } from '@kinora/common/db'

/** Who supports customers lists videos of all projects, of one account, or those in one state. */
export const support: Migration = {
  name: '0017-support',
  sql: `
  create index videos_by_age on videos (created_at, id);
  create index videos_of_owner_by_age on videos (owner_id, created_at, id);
  create index videos_by_status on videos (status, created_at, id);
  `,
}
