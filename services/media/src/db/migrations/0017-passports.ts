import type { Migration } from '@kinora/common/db'

/** How each attempt went about its task, and where the passport of a video is. */
export const passports: Migration = {
  name: '0017-passports',
  sql: `
  -- Build of ffmpeg and all commands; null before a worker has told.
  alter table task_attempts add column tools jsonb;

  alter table videos add column passport_key text;
  alter table videos add column passport_sha256 text;
  alter table videos add check ((passport_key is null) = (passport_sha256 is null));
  `,
}
