import type { Migration } from '@kinora/common/db'

/** Where owners want to be told of changes of their videos, and what was or is to be sent there. */
export const webhooks: Migration = {
  name: '0016-webhooks',
  sql: `
  create table webhooks (
    id uuid primary key,
    owner_id uuid not null,
    url text not null,
    events text[] not null,
    -- Encrypted; the label is the id.
    secret bytea not null,
    previous_secret bytea,
    previous_secret_until timestamptz,
    -- Null while it is enabled.
    disabled_reason text check (disabled_reason in ('owner', 'gone', 'failing')),
    disabled_at timestamptz,
    -- The first failed attempt after the last that succeeded.
    failing_since timestamptz,
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now(),
    check ((disabled_reason is null) = (disabled_at is null)),
    check ((previous_secret is null) = (previous_secret_until is null))
  );
  create index webhooks_of_owner on webhooks (owner_id, created_at, id);

  create table webhook_deliveries (
    -- The webhook-id of every attempt.
    id uuid primary key,
    webhook_id uuid not null references webhooks (id) on delete cascade,
    type text not null,
    -- No reference: a deleted video is told of, too.
    video_id uuid,
    -- As it is signed, to the byte.
    body text not null,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
    tries integer not null default 0,
    -- The last attempts, oldest first.
    attempts jsonb not null default '[]',
    -- When the next attempt is due, or that of a process which died on it; null when there is none to come.
    due_at timestamptz default now(),
    -- Known to the process that is making an attempt.
    lease_token uuid,
    created_at timestamptz(3) not null default now(),
    check ((state = 'pending') = (due_at is not null)),
    check (lease_token is null or state = 'pending')
  );
  create index webhook_deliveries_due on webhook_deliveries (due_at) where due_at is not null;
  create index webhook_deliveries_of_webhook on webhook_deliveries (webhook_id, created_at, id);
  create index webhook_deliveries_by_age on webhook_deliveries (created_at);
  `,
}
