import type { Migration } from '@kinora/common/db'

/** Tasks that make captions from audio, which only some workers take. */
export const transcripts: Migration = {
  name: '0011-transcripts',
  sql: `
  alter table tasks drop constraint tasks_kind_check;
  alter table tasks add constraint tasks_kind_check
    check (kind in ('probe', 'audio', 'video', 'poster', 'storyboard', 'subtitles', 'transcribe', 'download', 'finalise'));
  alter table tasks drop constraint tasks_queue_check;
  alter table tasks add constraint tasks_queue_check check (queue in ('short', 'long', 'transcribe'));
  `,
}
