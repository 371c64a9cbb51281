import type { Migration } from '@kinora/common/db'

/** The parking lot is listed page by page. */
export const explained: Migration = {
  name: '0013-explained',
  sql: `
  -- Milliseconds, as in the API: a page's cursor must name the row exactly.
  alter table parked alter column parked_at type timestamptz(3);
  create index parked_by_age on parked (parked_at desc, id desc);
  -- They had their storage key, which does not fit into an address.
  update parked set id = replace(id, 'receipts/', '') where origin = 'receipts';
  `,
}
