import type { Migration } from '@kinora/common/db'

/** Receivers that hang give their owner's other deliveries a later turn, too. */
export const slowWebhooks: Migration = {
  name: '0004-slow-webhooks',
  sql: `
  -- The last attempt failed, and took a second or more.
  alter table webhooks add column failing_slowly boolean not null default false;
  create index webhooks_failing_slowly on webhooks (owner_id) where failing_slowly and disabled_reason is null;
  `,
}
