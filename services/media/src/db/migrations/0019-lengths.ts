import type { Migration } from '@kinora/common/db'

/** How long videos of an upload link may be, what metadata they get, and uploads whose length is not known at their beginning. */
export const lengths: Migration = {
  name: '0019-lengths',
  sql: `
  alter table upload_links add column metadata jsonb not null default '{}';
  alter table upload_links add column max_duration_seconds integer check (max_duration_seconds > 0);
  -- Of the link that it came by, which may be gone when the video is tried again.
  alter table videos add column max_duration_seconds integer check (max_duration_seconds > 0);

  -- Whether bytes is the length of the file. Otherwise it is the most that it may have.
  alter table uploads add column length_known boolean not null default true;
  -- Whether more may follow when that many bytes have arrived: in the IETF protocol a request says that it is the last.
  alter table uploads add column open boolean not null default false;
  `,
}
