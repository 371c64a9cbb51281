import type { Migration } from '@kinora/common/db'

/** Addresses that all viewers of a video share, and what ends them before they expire. */
export const delivery: Migration = {
  name: '0013-delivery',
  sql: `
  -- Part of the addresses of a video's files: those of a lower epoch are refused.
  alter table videos add column delivery_epoch integer not null default 0;

  -- What gateways refuse until every address from before has expired.
  create table delivery_revocations (
    -- Without a reference: the video may be deleted.
    video_id uuid primary key,
    -- The lowest epoch that is delivered; null: none, the video was deleted.
    epoch integer,
    revoked_at timestamptz not null default now(),
    expires_at timestamptz not null
  );
  create index delivery_revocations_expires_at on delivery_revocations (expires_at);

  -- Gateways fetch the revoked links when they start.
  create index playback_tokens_revoked on playback_tokens (id) where revoked_at is not null;
  `,
}
