import type { Migration } from '@kinora/common/db'

/** Authenticator apps, recovery codes, passkeys, and the sign-ins that wait for one of them. */
export const secondFactor: Migration = {
  name: '0003-second-factor',
  sql: `
  -- Set and cleared together with the row in totp_factors, so that reading an account needs no join.
  alter table users add column mfa_enabled_at timestamptz;

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
    -- Who adds a passkey; null where somebody signs in, who says only in the answer who they are.
    user_id uuid references users (id) on delete cascade,
    expires_at timestamptz not null
  );
  create index passkey_challenges_expires_at on passkey_challenges (expires_at);
  create index passkey_challenges_user_id on passkey_challenges (user_id);
  `,
}
