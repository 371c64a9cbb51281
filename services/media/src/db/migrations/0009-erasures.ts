import type { Migration } from '@kinora/common/db'

/** Owners whose account was deleted. */
export const erasures: Migration = {
  name: '0009-erasures',
  sql: `
  create table erased_owners (
    -- Stays for good: a request that was under way, or a restored backup, must not bring anything back.
    owner_id uuid primary key,
    erased_at timestamptz not null default now(),
    -- When nothing was left, and nobody who could still write.
    done_at timestamptz
  );
  create index erased_owners_unfinished on erased_owners (erased_at) where done_at is null;

  -- Whose files these are; null where that makes no difference.
  alter table deletions add column owner_id uuid;
  create index deletions_of_owner on deletions (owner_id) where owner_id is not null;
  `,
}
