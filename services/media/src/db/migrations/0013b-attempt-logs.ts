import type { Migration } from '@kinora/common/db'

/** What the tools of an attempt printed, and when a video is expected to be ready. */
export const attemptLogs: Migration = {
  name: '0013b-attempt-logs',
  sql: `
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

  alter table videos add column finish_estimate timestamptz(3);
  -- How fast work was lately.
  create index task_attempts_done on task_attempts (ended_at desc) where state = 'done';
  `,
}
