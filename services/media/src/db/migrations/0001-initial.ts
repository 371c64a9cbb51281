import { INBOX_DDL, type Migration, OUTBOX_DDL } from '@kinora/common/db'

/** The whole schema of the media service as of its first release. */
export const initial: Migration = {
  name: '0001-initial',
  replaces: [
    '0001-videos',
    '0002-outbox-inbox',
    '0003-parts',
    '0009-erasures',
    '0010-uploads',
    '0011-limits',
    '0013-explained',
    '0013b-attempt-logs',
    '0014-presentation',
    '0016-webhooks',
    '0017-passports',
    '0018-outputs',
    '0018b-source-chapters',
    '0018c-watermarks',
    '0019-head-start',
  ],
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
    -- Recorded segments and finished tasks together that belong into the playlists, and how many the published playlists show.
    material integer not null default 0,
    material_published integer not null default 0,
    -- The published playlists may be older than material_published says.
    republish boolean not null default false,
    progress_said_at timestamptz not null default 'epoch',

    -- Milliseconds, as in the API: a page's cursor must name the row exactly.
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now(),
    ready_at timestamptz(3),
    -- When the video is expected to be ready.
    finish_estimate timestamptz(3),

    -- What belongs to a video beside audio and frames.
    storyboard jsonb,
    -- Each with the name of its files, which are written once; another version gets other files.
    captions jsonb not null default '[]',
    chapters jsonb,
    -- What the video was made from and with.
    passport_key text,
    passport_sha256 text,
    -- First frame and number of frames on the grid of the source; null: all of it.
    clip jsonb,
    -- Chapters may come with a source, until the owner of the video puts or deletes some.
    chapters_of_owner boolean not null default false,
    -- Where the picture is, and how it lies over the video. Does not change any more when there is a source.
    watermark jsonb,
    check ((upload_id is null) = (source_key is null)),
    check ((upload_id is null) = (status = 'awaiting_upload')),
    check ((passport_key is null) = (passport_sha256 is null))
  );
  create index videos_of_owner_by_age on videos (owner_id, created_at, id);
  create index videos_of_owner_by_title on videos (owner_id, title, id);
  create unique index videos_source_key on videos (source_key);
  create index videos_to_publish on videos (id) where material_published < material or republish;
  -- The number of unfinished videos of an owner decides which task is next.
  create index videos_in_work on videos (owner_id, created_at, id) where status in ('uploaded', 'processing');

  create table tasks (
    id uuid primary key,
    video_id uuid not null references videos (id) on delete cascade,
    kind text not null check (kind in ('probe', 'audio', 'video', 'poster', 'storyboard', 'download', 'finalise')),
    -- Place in the video's order of work.
    ordinal integer not null,
    label text not null,
    queue text not null check (queue in ('short', 'long')),
    -- Real work in this task, for progress; only ratios within a video matter.
    weight double precision not null,
    -- What the worker is asked to do.
    params jsonb not null,

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
    -- How many of its segments are recorded, without a gap from its first.
    written integer not null default 0,
    -- Deferred until another task of the same owner ends.
    held boolean not null default false,
    -- Share of the source that a speculative task reads, up to 1. Such a task belongs to no plan until the plan for the whole
    -- source takes it over; null for all other tasks.
    early_share real,
    unique (video_id, ordinal),
    check ((state = 'running') = (lease_token is not null)),
    check ((state = 'running') = (lease_until is not null)),
    constraint tasks_check3 check (state <> 'failed' or cause is not null)
  );
  create index tasks_running on tasks (lease_until) where state = 'running';
  create index tasks_queued on tasks (sent_at) where state = 'queued';
  create index tasks_waiting on tasks (not_before) where state = 'waiting';
  create index tasks_held on tasks (video_id) where held;

  -- Published segments: recorded as they are written, instead of with the result of a whole task.
  create table parts (
    task_id uuid not null references tasks (id) on delete cascade,
    -- In whose folder the segments lie.
    attempt integer not null,
    -- Numbered in the video.
    first_segment integer not null,
    segments integer not null check (segments > 0),
    written jsonb not null,
    primary key (task_id, first_segment)
  );

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
    -- Build of ffmpeg and all commands; null before a worker has reported.
    tools jsonb,
    primary key (task_id, attempt)
  );
  -- How fast work was lately.
  create index task_attempts_done on task_attempts (ended_at desc) where state = 'done';

  -- What the tools of an attempt printed.
  create table attempt_logs (
    task_id uuid not null,
    attempt integer not null,
    -- The end of it: the worker cuts it, and this is the last word.
    log text not null check (length(log) <= 65536),
    written_at timestamptz not null default now(),
    primary key (task_id, attempt),
    foreign key (task_id, attempt) references task_attempts on delete cascade
  );
  create index attempt_logs_by_age on attempt_logs (written_at);

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
    tries integer not null default 0,
    -- Whose files these are; null where that makes no difference.
    owner_id uuid
  );
  create index deletions_due on deletions (due_at);
  create index deletions_of_owner on deletions (owner_id) where owner_id is not null;

  -- Dead letters: messages and receipts that are not tried again until an operator says so.
  create table parked (
    id text primary key,
    origin text not null,
    type text,
    body text not null,
    attempts integer not null,
    error_code text not null,
    error_message text not null,
    -- Milliseconds, as in the API: a page's cursor must name the row exactly.
    parked_at timestamptz(3) not null default now()
  );
  create index parked_by_age on parked (parked_at desc, id desc);

  -- Owners whose account was deleted.
  create table erased_owners (
    -- Stays for good: a request that was under way, or a restored backup, must not bring anything back.
    owner_id uuid primary key,
    erased_at timestamptz not null default now(),
    -- When nothing was left, and nobody who could still write.
    done_at timestamptz
  );
  create index erased_owners_unfinished on erased_owners (erased_at) where done_at is null;

  -- Uploads under way: the quota that they reserve, and how many bytes of a resumable one have arrived.
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

  -- Limits of single owners; null: as the installation has it.
  create table owner_limits (
    owner_id uuid primary key,
    stored_bytes bigint,
    upload_bytes bigint,
    minutes bigint,
    video_seconds bigint,
    running_tasks bigint
  );

  -- Where owners want to be notified of changes of their videos, and what was or is to be sent there.
  create table webhooks (
    id uuid primary key,
    owner_id uuid not null,
    url text not null,
    events text[] not null,
    -- Encrypted; the label is the id.
    secret bytea not null,
    previous_secret bytea,
    previous_secret_until timestamptz,
    -- Null while it is enabled.
    disabled_reason text check (disabled_reason in ('owner', 'gone', 'failing')),
    disabled_at timestamptz,
    -- The first failed attempt after the last that succeeded.
    failing_since timestamptz,
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now(),
    check ((disabled_reason is null) = (disabled_at is null)),
    check ((previous_secret is null) = (previous_secret_until is null))
  );
  create index webhooks_of_owner on webhooks (owner_id, created_at, id);

  create table webhook_deliveries (
    -- The webhook-id of every attempt.
    id uuid primary key,
    webhook_id uuid not null references webhooks (id) on delete cascade,
    type text not null,
    -- No reference: a deleted video is told of, too.
    video_id uuid,
    -- As it is signed, to the byte.
    body text not null,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
    tries integer not null default 0,
    -- The last attempts, oldest first.
    attempts jsonb not null default '[]',
    -- When the next attempt is due, or that of a process which died on it; null when there is none to come.
    due_at timestamptz default now(),
    -- Known to the process that is making an attempt.
    lease_token uuid,
    created_at timestamptz(3) not null default now(),
    check ((state = 'pending') = (due_at is not null)),
    check (lease_token is null or state = 'pending')
  );
  create index webhook_deliveries_due on webhook_deliveries (due_at) where due_at is not null;
  create index webhook_deliveries_of_webhook on webhook_deliveries (webhook_id, created_at, id);
  create index webhook_deliveries_by_age on webhook_deliveries (created_at);

  ${OUTBOX_DDL};
  ${INBOX_DDL};
  `,
}
