import type { Migration } from '@kinora/common/db'

/** Which installation this is, and which store belongs to it. */
export const installation: Migration = {
  name: '0002-installation',
  sql: `
  create table installation (
    singleton boolean primary key default true check (singleton),
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    -- What the store's marker says; null until the first store was claimed.
    revision uuid,
    -- What the marker says next: stored before the marker is written, so that a crash in between leaves one of the two.
    next_revision uuid,
    revised_at timestamptz not null default now(),
    -- Until then sweeps of any size are what an operator has asked for.
    sweep_confirmed_until timestamptz
  );
  insert into installation default values;

  -- Moved to quarantine instead of removed.
  alter table deletions add column quarantine boolean not null default false;
  `,
}
