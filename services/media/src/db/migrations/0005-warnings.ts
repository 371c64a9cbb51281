import type { Migration } from '@kinora/common/db'

/** What was left out of a video that did not fail. */
export const warnings: Migration = {
  name: '0005-warnings',
  sql: `
  -- Each with a code and a sentence, in the order in which tasks reported them.
  alter table videos add column warnings jsonb not null default '[]';
  `,
}
