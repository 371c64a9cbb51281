import type { Migration } from '@kinora/common/db'

/** Work that begins while the source of a video still arrives. */
export const headStart: Migration = {
  name: '0019-head-start',
  sql: `
  -- Set: it works on the beginning of a source, which is so much of the whole. It is no part of its video until the plan for
  -- the whole source takes it over.
  alter table tasks add column early_share real;
  `,
}
