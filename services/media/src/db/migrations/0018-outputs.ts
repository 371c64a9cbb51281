import type { Migration } from '@kinora/common/db'

/** Downloads are tasks of a video that is ready; a clip is a video of a part of its source. */
export const outputs: Migration = {
  name: '0018-outputs',
  sql: `
  alter table tasks drop constraint tasks_kind_check;
  alter table tasks add check (kind in ('probe', 'audio', 'video', 'poster', 'storyboard', 'download', 'finalise'));

  -- First frame and number of frames on the grid of the source; null: all of it.
  alter table videos add column clip jsonb;
  `,
}
