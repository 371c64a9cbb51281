import type { Migration } from '@kinora/common/db'

/** Keys of programs, and accounts that have nothing else. */
export const apiKeys: Migration = {
  name: '0005-api-keys',
  sql: `
  -- A service account has no password, so none is right for it.
  alter table users alter column password_hash drop not null;
  create index service_accounts on users (created_at desc, id desc) where password_hash is null;

  create table api_keys (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    name text not null,
    -- How the key begins, to tell it from others.
    prefix text not null,
    -- SHA-256 of the key.
    digest bytea not null unique check (length(digest) = 32),
    scopes text[] not null,
    rate_per_minute integer check (rate_per_minute > 0),
    created_at timestamptz not null,
    expires_at timestamptz,
    -- To the minute.
    last_used_at timestamptz,
    revoked_at timestamptz,
    -- When a refused use was last written into the audit log.
    refusal_logged_at timestamptz
  );
  create index api_keys_of_user on api_keys (user_id, created_at desc, id desc) where revoked_at is null;
  create index api_keys_ended on api_keys (least(expires_at, revoked_at));

  alter table revocations add column api_key_ids uuid[] not null default '{}';
  alter table audit_log add column api_key_id uuid;
  `,
}
