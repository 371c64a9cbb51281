import type { Migration } from '@kinora/common/db'

/** Limits of single owners, and tasks that wait because their owner has enough running. */
export const limits: Migration = {
  name: '0011-limits',
  sql: `
  -- Null: as the installation has it.
  create table owner_limits (
    owner_id uuid primary key,
    stored_bytes bigint,
    upload_bytes bigint,
    minutes bigint,
    video_seconds bigint,
    running_tasks bigint
  );

  -- Waits for another task of the same owner to end.
  alter table tasks add column held boolean not null default false;
  create index tasks_held on tasks (video_id) where held;
  `,
}
