import type { Migration } from '@kinora/common/db'

/** Tasks that take the texts of subtitle tracks out of a source. */
export const subtitles: Migration = {
  name: '0007-subtitles',
  sql: `
  alter table tasks drop constraint tasks_kind_check;
  alter table tasks add constraint tasks_kind_check
    check (kind in ('probe', 'audio', 'video', 'poster', 'storyboard', 'subtitles', 'download', 'finalise'));
  `,
}
