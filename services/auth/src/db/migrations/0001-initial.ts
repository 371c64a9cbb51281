import { type Migration, OUTBOX_DDL } from '@kinora/common/db'

/** Everything that auth keeps: accounts, their ways in, sessions, signing keys, mails, the audit log, erasures. */
export const initial: Migration = {
  name: '0001-initial',
  replaces: [
    '0001-identity',
    '0002-outbox',
    '0003-second-factor',
    '0004-mail',
    '0005-api-keys',
    '0006-administration',
    '0007-key-rotation',
    '0008-audit-chain',
    '0009-session-transport',
    '0009b-erasures',
    '0013-audit-subject',
  ],
  sql: `
  ---------------------------------------------------------------------------------------------- accounts

  create table users (
    id uuid primary key,
    email text not null,
    -- Null for a service account, so no password is right for it.
    password_hash text,
    display_name text,
    role text not null default 'user' check (role in ('user', 'admin')),
    email_verified_at timestamptz,
    disabled_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    -- Set and cleared together with the row in totp_factors, so that reading an account needs no join.
    mfa_enabled_at timestamptz
  );
  create unique index users_email_key on users (lower(email));
  create index users_created_at on users (created_at desc, id desc);
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

  ---------------------------------------------------------------------------------------------- second factor

  create table totp_factors (
    user_id uuid primary key references users (id) on delete cascade,
    -- AES-256-GCM over the base32 secret, bound to the user: iv, tag, ciphertext.
    encrypted_secret bytea not null,
    -- RFC 6238 section 5.2: a code of this time step or an earlier one is not accepted any more.
    last_step bigint not null,
    -- Until then the set-up must be proved by a code; null once it was.
    setup_expires_at timestamptz
  );
  create index totp_factors_setup_expires_at on totp_factors (setup_expires_at) where setup_expires_at is not null;

  create table recovery_codes (
    user_id uuid not null references users (id) on delete cascade,
    -- SHA-256; the codes have 120 random bits, so there is nothing to slow down.
    code_hash bytea not null,
    used_at timestamptz,
    primary key (user_id, code_hash)
  );

  -- Wrong codes of an account in the current window. Counted before a code is looked at.
  create table code_attempts (
    user_id uuid primary key references users (id) on delete cascade,
    failures integer not null,
    window_ends_at timestamptz not null
  );
  create index code_attempts_window_ends_at on code_attempts (window_ends_at);

  -- Sign-ins that wait for their second factor.
  create table mfa_challenges (
    -- SHA-256 of the token.
    token_hash bytea primary key,
    user_id uuid not null references users (id) on delete cascade,
    -- SHA-256 of the password hash that the password was checked against: another password, another fingerprint.
    password_fingerprint bytea not null,
    attempts integer not null default 0,
    expires_at timestamptz not null
  );
  create index mfa_challenges_expires_at on mfa_challenges (expires_at);
  create index mfa_challenges_user_id on mfa_challenges (user_id);

  create table passkeys (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    credential_id bytea not null unique,
    -- COSE_Key, as the authenticator gave it.
    public_key bytea not null,
    sign_count bigint not null,
    transports text[] not null,
    name text not null,
    created_at timestamptz not null,
    last_used_at timestamptz
  );
  create index passkeys_user_id on passkeys (user_id);

  create table passkey_challenges (
    -- SHA-256 of the token.
    token_hash bytea primary key,
    -- The account that adds a passkey; null for a sign-in, whose answer says first which account it is.
    user_id uuid references users (id) on delete cascade,
    expires_at timestamptz not null
  );
  create index passkey_challenges_expires_at on passkey_challenges (expires_at);
  create index passkey_challenges_user_id on passkey_challenges (user_id);

  ---------------------------------------------------------------------------------------------- sessions

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
    -- A session carries its refresh token in one way for all its life.
    transport text not null default 'body' check (transport in ('body', 'cookie')),
    check ((ended_at is null) = (end_reason is null))
  );
  create index sessions_live_of_user on sessions (user_id, created_at desc, id desc) where ended_at is null;
  create index sessions_expires_at on sessions (expires_at);

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
    expires_at timestamptz not null,
    api_key_ids uuid[] not null default '{}'
  );
  create index revocations_expires_at on revocations (expires_at);

  ---------------------------------------------------------------------------------------------- signing keys

  create table signing_keys (
    kid text primary key,
    stage text not null check (stage in ('next', 'current', 'previous', 'retired')),
    public_jwk jsonb not null,
    -- AES-256-GCM over PKCS #8: iv, tag, ciphertext. Erased as soon as the key signs no more.
    encrypted_private_key bytea,
    created_at timestamptz not null,
    retired_at timestamptz,
    current_since timestamptz,
    -- When the last access token signed with it has expired. The row is kept until then.
    expires_at timestamptz,
    retire_reason text,
    check ((stage in ('next', 'current')) = (encrypted_private_key is not null)),
    check ((stage in ('next', 'current')) = (expires_at is null)),
    check ((stage = 'retired') = (retired_at is not null)),
    check ((stage = 'retired') = (retire_reason is not null)),
    check (stage <> 'current' or current_since is not null)
  );
  -- Several processes that start at once may all try to make the first key: one succeeds.
  create unique index signing_keys_one_per_stage on signing_keys (stage) where stage in ('next', 'current');

  ---------------------------------------------------------------------------------------------- mails

  create table mail_queue (
    id uuid primary key,
    kind text not null,
    -- Null where nobody has the address: asking for a mail writes the same rows whether there is an account or not.
    user_id uuid references users (id) on delete cascade,
    -- The address of the client that caused the mail, for its text.
    ip text,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null,
    created_at timestamptz not null
  );
  create index mail_queue_next_attempt_at on mail_queue (next_attempt_at);

  create table mail_tokens (
    user_id uuid not null references users (id) on delete cascade,
    purpose text not null check (purpose in ('verify_email', 'reset_password')),
    -- SHA-256; the token has 256 random bits, so nothing slower is needed.
    token_hash bytea not null unique,
    expires_at timestamptz not null,
    -- Only the newest of its kind is good.
    primary key (user_id, purpose)
  );
  create index mail_tokens_expires_at on mail_tokens (expires_at);

  ---------------------------------------------------------------------------------------------- audit log

  -- Each row carries the hash of the one before it: see domain/audit-chain.ts.
  create table audit_log (
    -- Taken from the chain's head: without gaps, in the order of the commits.
    sequence bigint primary key,
    id uuid not null unique,
    at timestamptz not null,
    -- To whom it was done. No foreign key: what happened stays true when the account is gone.
    user_id uuid,
    session_id uuid,
    action text not null,
    outcome text not null check (outcome in ('success', 'failure')),
    -- The error code of a failure.
    code text,
    ip text,
    user_agent text,
    request_id text not null,
    api_key_id uuid,
    actor_kind text check (actor_kind in ('anonymous', 'user', 'service')),
    -- The user's id or the service's name.
    actor_id text,
    -- Null once the origin (ip, user_agent) has been erased.
    personal_salt bytea,
    personal_digest bytea not null,
    previous_hash bytea not null,
    hash bytea not null,
    -- What an administrator did it to in another service, where that is no account.
    subject text
  );
  create index audit_log_of_user on audit_log (user_id, sequence desc);
  create index audit_log_of_actor on audit_log (actor_id, sequence desc) where actor_id is not null;
  create index audit_log_of_action on audit_log (action, sequence desc);
  create index audit_log_at on audit_log (at);
  create index audit_log_sign_ins on audit_log (user_id, sequence desc)
    where action in ('register', 'login') and outcome = 'success';
  revoke all on audit_log from kinora_auth;
  grant select, insert on audit_log to kinora_auth;

  -- One row. Its lock is held until the commit, so appends take turns.
  create table audit_head (
    only_row boolean primary key default true check (only_row),
    sequence bigint not null,
    hash bytea not null
  );
  insert into audit_head (sequence, hash) values (0, decode(repeat('00', 32), 'hex'));
  revoke insert, delete on audit_head from kinora_auth;

  -- Rows of a log from before the chain. The hashes need a secret that is not here, so such rows wait in this table for
  -- the next start of auth, which chains them.
  create table audit_log_unchained (
    sequence bigint primary key,
    id uuid,
    at timestamptz,
    user_id uuid,
    session_id uuid,
    action text,
    outcome text,
    code text,
    ip text,
    user_agent text,
    request_id text,
    api_key_id uuid,
    actor_kind text,
    actor_id text
  );
  revoke all on audit_log_unchained from kinora_auth;
  grant select, delete on audit_log_unchained to kinora_auth;

  -- The one way in which an audit row may change: personal data goes, and the chain holds. Where a call came from belongs
  -- to its actor; of an anonymous call, or one whose row names no actor, to the account that it is about.
  create function erase_audit_origins(of_user uuid) returns bigint
    language sql security definer set search_path = auth, pg_temp
    as $$
      with erased as (
        update audit_log set ip = null, user_agent = null, personal_salt = null
        where personal_salt is not null
          and (actor_id = of_user::text or (user_id = of_user and (actor_kind = 'anonymous' or actor_kind is null)))
        returning 1
      )
      select count(*) from erased
    $$;
  revoke all on function erase_audit_origins from public;
  grant execute on function erase_audit_origins to kinora_auth;

  ---------------------------------------------------------------------------------------------- erasures

  -- Accounts that were deleted, until everything that belonged to them is gone everywhere.
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

  ---------------------------------------------------------------------------------------------- outbox
  ${OUTBOX_DDL}
  `,
}
