import type { Migration } from '@kinora/common/db'

/** The sites whose pages may play the videos of a project, and the number of its version, for If-Match. */
export const allowedDomains: Migration = {
  name: '0006-allowed-domains',
  sql: `
  -- Empty: all sites.
  alter table projects add column allowed_domains text[] not null default '{}';
  alter table projects add column revision integer not null default 1;
  `,
}
