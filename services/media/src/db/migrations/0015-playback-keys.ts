import type { Migration } from '@kinora/common/db'

/** Public keys of customers, whose servers sign playback tokens. */
export const playbackKeys: Migration = {
  name: '0015-playback-keys',
  sql: `
  create table playback_keys (
    id uuid primary key,
    project_id uuid not null,
    -- The account that registered it.
    owner_id uuid not null,
    name text,
    algorithm text not null check (algorithm in ('ES256', 'EdDSA')),
    -- SPKI in PEM. The private half is never stored.
    public_key text not null,
    created_at timestamptz(3) not null default now(),
    -- The row is kept for some days, so that gateways that were away learn of it.
    retired_at timestamptz(3)
  );
  create index playback_keys_of_project on playback_keys (project_id, created_at desc, id desc);
  create index playback_keys_retired on playback_keys (id) where retired_at is not null;
  `,
}
