import type { Migration } from '@kinora/common/db'

/** Single frames of videos as pictures with the tasks that make them, and sources that are watched as they are. */
export const stillsAndInstantPlayback: Migration = {
  name: '0010-stills-and-instant-playback',
  sql: `
  -- The kinds are those of the contract, which grows with every release.
  alter table tasks drop constraint tasks_kind_check;
  alter table tasks add constraint tasks_kind_check check (kind ~ '^[a-z]+$');

  create table stills (
    -- That of its task, which is deleted when it has ended.
    id uuid primary key,
    video_id uuid not null references videos (id) on delete cascade,
    -- The number of the frame in the video, and the width of the picture in pixels.
    frame integer not null,
    width integer not null,
    format text not null,
    -- Makes the place of the task in its video.
    number integer not null generated always as identity (cycle),
    -- Null while it is being made.
    storage_key text,
    bytes integer,
    created_at timestamptz not null default now(),
    unique (video_id, frame, width, format)
  );

  -- Whether others than the owner may watch the source until the first segments exist.
  alter table videos add column instant_playback boolean not null default false;
  -- How browsers play the source, and what of it is blanked for others; null where they do not play it.
  alter table videos add column web_file jsonb;
  `,
}
