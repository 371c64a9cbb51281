import type { Migration } from '@kinora/common/db'

/** Accounts that were deleted, until everything that belonged to them is gone everywhere. */
export const erasures: Migration = {
  name: '0009b-erasures',
  sql: `
  create table erasures (
    -- No foreign key: the account is gone. The row stays, so that a restored backup can be told again.
    user_id uuid primary key,
    requested_at timestamptz not null,
    -- When the other services were told last.
    said_at timestamptz not null,
    -- When each service that keeps something had nothing left.
    media_done_at timestamptz,
    auth_done_at timestamptz
  );
  create index erasures_unfinished on erasures (requested_at) where media_done_at is null or auth_done_at is null;
  `,
}
