import type { Migration } from '@kinora/common/db'

/** What other systems know a video by, the number of its version, for If-Match, and when it is deleted. */
export const externalIds: Migration = {
  name: '0016-external-ids',
  sql: `
  alter table videos add column external_id text;
  -- Pairs of strings.
  alter table videos add column metadata jsonb not null default '{}';
  -- Grows with each change by a member, unlike sequence, which also grows while the video is processed.
  alter table videos add column revision integer not null default 1;

  -- When the video is deleted.
  alter table videos add column delete_at timestamptz(3);
  create index videos_delete_at on videos (delete_at) where delete_at is not null;

  -- Partial, so that its columns are no key by which a change of them would wait for new tasks of the video.
  create unique index videos_external_id on videos (project_id, external_id) where external_id is not null;

  -- The project is one more pair, under a key that no client can use: a GIN index of a uuid would need an extension.
  create index videos_metadata on videos
    using gin ((metadata || ('{"":"' || project_id::text || '"}')::jsonb) jsonb_path_ops) where metadata <> '{}';
  `,
}
