import type { Migration } from '@kinora/common/db'

/** What one account may take of what all share. */
export const shares: Migration = {
  name: '0003-shares',
  sql: `
  -- First attempts are claimed before retries and test pings, however many of those are due.
  create index webhook_deliveries_first on webhook_deliveries (due_at)
    where due_at is not null and not (tries > 0 or type = 'ping');

  -- What a file that is still to be removed takes of its owner's quota.
  alter table deletions add column bytes bigint not null default 0;
  `,
}
