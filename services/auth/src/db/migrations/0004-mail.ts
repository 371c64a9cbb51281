import type { Migration } from '@kinora/common/db'

/** Mails that wait to be sent, and the single-use tokens that they carry. */
export const mail: Migration = {
  name: '0004-mail',
  sql: `
  create table mail_queue (
    id uuid primary key,
    kind text not null,
    -- Null where nobody has the address: asking for a mail writes the same rows whether there is an account or not.
    user_id uuid references users (id) on delete cascade,
    -- Whoever caused the mail, for its text.
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
  `,
}
