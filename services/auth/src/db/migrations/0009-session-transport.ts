import type { Migration } from '@kinora/common/db'

/** A session carries its refresh token in one way for all its life. */
export const sessionTransport: Migration = {
  name: '0009-session-transport',
  sql: `
  alter table sessions
    add column transport text not null default 'body' check (transport in ('body', 'cookie'));
  `,
}
