import type { Migration } from '@kinora/common/db'

/** Accounts that support others without managing them. */
export const supportRole: Migration = {
  name: '0007-support-role',
  sql: `
  alter table users drop constraint users_role_check;
  alter table users add constraint users_role_check check (role in ('user', 'support', 'admin'));
  `,
}
