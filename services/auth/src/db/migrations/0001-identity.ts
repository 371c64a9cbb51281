import type { Migration } from '@kinora/common/db'

/** Accounts, sessions, signing keys, revocations and the audit log. */
export const identity: Migration = {
  name: '0001-identity',
  sql: `
  create table users (
    id uuid primary key,
    email text not null,
    password_hash text not null,
    display_name text,
    role text not null default 'user' check (role in ('user', 'admin')),
    email_verified_at timestamptz,
    disabled_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
  );
  create unique index users_email_key on users (lower(email));

  create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    -- The counter of the newest refresh token; the token before it is the only other one that is still honoured.
    refresh_counter integer not null,
    -- Goes into the refresh token's HMAC, so that tokens of one session say nothing about another's.
    refresh_salt bytea not null,
    -- RFC 8176: how the user proved who they are.
    amr text[] not null,
    ip text,
    user_agent text,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    -- When the last access token of this session expires: a revocation must be remembered until then.
    access_expires_at timestamptz not null,
    ended_at timestamptz,
    end_reason text,
    check ((ended_at is null) = (end_reason is null))
  );
  create index sessions_live_of_user on sessions (user_id, created_at desc, id desc) where ended_at is null;
  create index sessions_expires_at on sessions (expires_at);

  create table signing_keys (
    kid text primary key,
    stage text not null check (stage in ('next', 'current', 'previous')),
    public_jwk jsonb not null,
    -- AES-256-GCM over PKCS #8: iv, tag, ciphertext.
    encrypted_private_key bytea not null,
    created_at timestamptz not null,
    retired_at timestamptz
  );
  -- Several processes that start at once may all try to make the first key: one succeeds.
  create unique index signing_keys_one_per_stage on signing_keys (stage) where stage in ('next', 'current');

  -- One row. Its lock is held until the commit, so numbers have no gaps and appear in order; a sequence gives neither.
  create table revocation_counter (
    only_row boolean primary key default true check (only_row),
    value bigint not null
  );
  insert into revocation_counter (value) values (0);

  create table revocations (
    sequence bigint primary key,
    session_ids uuid[] not null,
    reason text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
  );
  create index revocations_expires_at on revocations (expires_at);

  create table audit_log (
    sequence bigint generated always as identity primary key,
    id uuid not null unique,
    at timestamptz not null,
    -- No foreign key: what happened stays true when the account is gone.
    user_id uuid,
    session_id uuid,
    action text not null,
    outcome text not null check (outcome in ('success', 'failure')),
    -- The error code of a failure.
    code text,
    ip text,
    user_agent text,
    request_id text not null
  );
  create index audit_log_of_user on audit_log (user_id, sequence desc);
  revoke all on audit_log from kinora_auth;
  grant select, insert on audit_log to kinora_auth;
  `,
}
