import type { Migration } from '@kinora/common/db'

export const invites: Migration = {
  name: '0002-invites',
  sql: `
  -- Invitations that were not used yet; a used one is deleted.
  create table invites (
    id uuid primary key,
    -- Normalised, so that each address has one.
    email text not null unique,
    -- SHA-256; the token has 256 random bits, so nothing slower is needed.
    token_hash bytea not null unique,
    created_at timestamptz not null,
    expires_at timestamptz not null
  );
  create index invites_created_at on invites (created_at desc, id desc);
  create index invites_expires_at on invites (expires_at);
  `,
}
