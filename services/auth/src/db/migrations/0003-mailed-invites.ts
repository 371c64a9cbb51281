import type { Migration } from '@kinora/common/db'

export const mailedInvites: Migration = {
  name: '0003-mailed-invites',
  sql: `
  -- The token was only ever sent to the address, so whoever has it reads the mails of that address.
  alter table invites add column mailed boolean not null default false;

  -- An invitation that is withdrawn, replaced or used takes its mail with it.
  alter table mail_queue add column invite_id uuid references invites (id) on delete cascade;
  create index mail_queue_invite_id on mail_queue (invite_id) where invite_id is not null;
  `,
}
