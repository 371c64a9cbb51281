import type { Migration } from '@kinora/common/db'

/** Sources that are removed before their video, and that are replaced under its id. */
export const sources: Migration = {
  name: '0021-sources',
  sql: `
  -- When the source is removed: at a time, or days after the video is ready; the time wins. Null: it is kept.
  alter table videos add column source_delete_at timestamptz(3);
  alter table videos add column source_days integer check (source_days >= 0);
  alter table project_limits add column source_days integer check (source_days >= 0);
  alter table videos add column source_removed_at timestamptz(3);
  create index videos_source_delete on videos (id) where source_key is not null
    and (source_delete_at is not null or source_days is not null);

  alter table videos drop constraint videos_check;
  alter table videos add constraint videos_source_check
    check ((source_key is null) = (upload_id is null or source_removed_at is not null));

  -- The version of its files, which are in a folder of that name within that of the video; null: the first.
  alter table videos add column version uuid;
  -- A row of a source that is to replace that of another video, and that is no video by itself: its id becomes the version.
  alter table videos add column replaces uuid references videos (id) on delete cascade;
  create unique index videos_replaces on videos (replaces) where replaces is not null;
  alter table videos add column replacement jsonb;
  alter table uploads add column replaces boolean not null default false;
  create unique index uploads_replacing on uploads (video_id) where replaces and completed_at is null;

  -- What became of its sources, newest last: [{at, event, detail}].
  alter table videos add column source_events jsonb not null default '[]';
  `,
}
