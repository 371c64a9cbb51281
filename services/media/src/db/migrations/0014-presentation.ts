import type { Migration } from '@kinora/common/db'

/** What belongs to a video beside sound and picture. */
export const presentation: Migration = {
  name: '0014-presentation',
  sql: `
  alter table tasks drop constraint tasks_kind_check;
  alter table tasks add check (kind in ('probe', 'audio', 'video', 'poster', 'storyboard', 'finalise'));

  alter table videos add column storyboard jsonb;
  -- Each with the name of its files, which are written once; another version gets other files.
  alter table videos add column captions jsonb not null default '[]';
  alter table videos add column chapters jsonb;
  `,
}
