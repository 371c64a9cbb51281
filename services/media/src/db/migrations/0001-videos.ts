import type { Migration } from '@kinora/common/db'

/** Videos, the tasks that make them playable, links to play them, and what is still to be removed from storage. */
export const videos: Migration = {
  name: '0001-videos',
  sql: `
  create table videos (
    id uuid primary key,
    owner_id uuid not null,
    title text not null,
    description text not null,
    tags text[] not null,
    visibility text not null check (visibility in ('private', 'unlisted', 'public')),
    -- Grows with every change; the sequence of the video's events.
    sequence bigint not null default 1,

    -- The registered source; all null until then.
    upload_id uuid,
    source_key text,
    source_filename text,
    source_bytes bigint,
    source_sha256 text,
    -- What the probe found, and what follows from it for all renditions.
    facts jsonb,
    plan jsonb,
    poster_key text,
    renditions jsonb not null default '[]',

    -- Derived from the tasks, in the transaction that changes one of them.
    status text not null default 'awaiting_upload'
      check (status in ('awaiting_upload', 'uploaded', 'processing', 'ready', 'failed')),
    playable boolean not null default false,
    percent real not null default 0,
    stage text not null default 'waiting'
      check (stage in ('waiting', 'probing', 'transcoding', 'finalising', 'done')),
    error jsonb,
    -- Finished tasks whose segments belong into the playlists, and how many of them the published playlists show.
    parts_done integer not null default 0,
    parts_published integer not null default 0,
    -- The published playlists may be older than parts_published says.
    republish boolean not null default false,
    progress_said_at timestamptz not null default 'epoch',

    -- Milliseconds, as in the API: a page's cursor must name the row exactly.
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now(),
    ready_at timestamptz(3),
    check ((upload_id is null) = (source_key is null)),
    check ((upload_id is null) = (status = 'awaiting_upload'))
  );
  create index videos_of_owner_by_age on videos (owner_id, created_at, id);
  create index videos_of_owner_by_title on videos (owner_id, title, id);
  create unique index videos_source_key on videos (source_key);
  create index videos_to_publish on videos (id) where parts_published < parts_done or republish;

  create table tasks (
    id uuid primary key,
    video_id uuid not null references videos (id) on delete cascade,
    kind text not null check (kind in ('probe', 'audio', 'video', 'finalise')),
    -- Place in the video's order of work.
    ordinal integer not null,
    label text not null,
    queue text not null check (queue in ('short', 'long')),
    -- Real work in this task, for progress; only ratios within a video matter.
    weight double precision not null,
    -- What the worker is asked to do, and what it said it did.
    params jsonb not null,
    result jsonb,

    state text not null check (state in ('waiting', 'queued', 'running', 'done', 'failed', 'cancelled')),
    attempt integer not null default 1,
    -- The attempt number in the message by which the running attempt was claimed.
    message_attempt integer,
    host_failures integer not null default 0,
    memory_failures integer not null default 0,
    cause jsonb,
    -- When a waiting task is due; null: it waits for other tasks.
    not_before timestamptz,
    -- When the message of a queued task was sent last, and how often in this attempt.
    sent_at timestamptz,
    sends integer not null default 0,
    lease_token uuid,
    lease_until timestamptz,
    worker text,
    fraction real not null default 0,
    -- First claim of all.
    started_at timestamptz,
    unique (video_id, ordinal),
    check ((state = 'running') = (lease_token is not null)),
    check ((state = 'running') = (lease_until is not null)),
    check ((state = 'done') = (result is not null)),
    check (state <> 'failed' or cause is not null)
  );
  create index tasks_running on tasks (lease_until) where state = 'running';
  create index tasks_queued on tasks (sent_at) where state = 'queued';
  create index tasks_waiting on tasks (not_before) where state = 'waiting';

  -- History, for the owner's timeline. A row appears when an attempt is queued.
  create table task_attempts (
    task_id uuid not null references tasks (id) on delete cascade,
    attempt integer not null,
    state text not null check (state in ('queued', 'running', 'done', 'failed', 'lost', 'released')),
    worker text,
    queued_at timestamptz(3) not null default now(),
    started_at timestamptz(3),
    ended_at timestamptz(3),
    cause jsonb,
    primary key (task_id, attempt)
  );

  create table playback_tokens (
    id uuid primary key,
    video_id uuid not null references videos (id) on delete cascade,
    expires_at timestamptz(3) not null,
    revoked_at timestamptz(3),
    created_at timestamptz(3) not null default now()
  );
  create index playback_tokens_of_video on playback_tokens (video_id);
  create index playback_tokens_expiry on playback_tokens (expires_at);

  -- Written in the transaction that makes files needless; drained by a job. No foreign key: the video may be gone.
  create table deletions (
    id bigint generated always as identity primary key,
    key text not null,
    folder boolean not null,
    due_at timestamptz not null default now(),
    tries integer not null default 0
  );
  create index deletions_due on deletions (due_at);

  -- What nobody will try again by himself.
  create table parked (
    id text primary key,
    origin text not null,
    type text,
    body text not null,
    attempts integer not null,
    error_code text not null,
    error_message text not null,
    parked_at timestamptz not null default now()
  );
  `,
}
