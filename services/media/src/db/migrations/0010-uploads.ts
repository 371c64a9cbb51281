import type { Migration } from '@kinora/common/db'

/** Uploads that are under way: what room they take, and how far those in pieces have come. */
export const uploads: Migration = {
  name: '0010-uploads',
  sql: `
  create table uploads (
    id uuid primary key,
    video_id uuid not null references videos (id) on delete cascade,
    owner_id uuid not null,
    -- In pieces, by several requests; otherwise the row only keeps room for a single one.
    resumable boolean not null,
    -- Length of the file, or the most that it may have; reserved until the source is registered.
    bytes bigint not null check (bytes > 0),
    filename text,
    -- As the client gave it.
    metadata text,
    -- The video is there for this upload only, and goes with it.
    made_video boolean not null default false,
    received bigint not null default 0 check (received between 0 and bytes),
    -- Whoever writes now, if anybody: only the piece with this id will count.
    piece_id uuid,
    created_at timestamptz not null default now(),
    touched_at timestamptz not null default now(),
    expires_at timestamptz(3) not null,
    completed_at timestamptz
  );
  create index uploads_of_video on uploads (video_id);
  create index uploads_under_way on uploads (owner_id) where completed_at is null;
  create index uploads_by_expiry on uploads (expires_at);

  -- What has arrived, in order and without a gap.
  create table upload_pieces (
    upload_id uuid not null references uploads (id) on delete cascade,
    at_offset bigint not null,
    piece_id uuid not null unique,
    bytes bigint not null check (bytes > 0),
    primary key (upload_id, at_offset)
  );
  `,
}
