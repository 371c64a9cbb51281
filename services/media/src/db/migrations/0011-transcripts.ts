import type { Migration } from '@kinora/common/db'

/** Tasks that make captions from audio, which only some workers take. */
export const transcripts: Migration = {
  name: '0011-transcripts',
  sql: `
  alter table tasks drop constraint tasks_queue_check;
  alter table tasks add constraint tasks_queue_check check (queue in ('short', 'long', 'transcribe'));
  `,
}
