import type { Migration } from '@kinora/common/db'

/** Stages of signing keys over time, and their retirement in an emergency. */
export const keyRotation: Migration = {
  name: '0007-key-rotation',
  sql: `
  alter table signing_keys
    drop constraint signing_keys_stage_check,
    add constraint signing_keys_stage_check check (stage in ('next', 'current', 'previous', 'retired')),
    add column current_since timestamptz,
    -- When the last access token signed with it has expired. The row is kept until then.
    add column expires_at timestamptz,
    add column retire_reason text,
    -- Erased as soon as the key signs no more.
    alter column encrypted_private_key drop not null;
  update signing_keys set current_since = created_at where stage = 'current';
  alter table signing_keys
    add check ((stage in ('next', 'current')) = (encrypted_private_key is not null)),
    add check ((stage in ('next', 'current')) = (expires_at is null)),
    add check ((stage = 'retired') = (retired_at is not null)),
    add check ((stage = 'retired') = (retire_reason is not null)),
    add check (stage <> 'current' or current_since is not null);
  `,
}
