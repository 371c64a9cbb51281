import type { Migration } from '@kinora/common/db'

export const idempotencyKeys: Migration = {
  name: '0005-idempotency-keys',
  sql: `
  -- Requests with an Idempotency-Key, for a day.
  create table idempotency_keys (
    -- HMAC of the caller and the key, by a secret of the gateways.
    id bytea primary key,
    user_id uuid not null references users (id) on delete cascade,
    -- HMAC of method, path and body.
    fingerprint bytea not null,
    -- The request that may store the answer.
    attempt uuid not null,
    -- Until then the request without an answer counts as under way: a gateway may have died with it.
    held_until timestamptz not null,
    -- Encrypted by the gateway with a key that needs the client's key.
    answer bytea,
    expires_at timestamptz not null
  );
  create index idempotency_keys_of_user on idempotency_keys (user_id);
  create index idempotency_keys_expires_at on idempotency_keys (expires_at);
  `,
}
