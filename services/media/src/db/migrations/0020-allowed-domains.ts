import type { Migration } from '@kinora/common/db'

/** The sites whose pages may play a video. */
export const allowedDomains: Migration = {
  name: '0020-allowed-domains',
  sql: `
  -- Null: as the project says. Empty, as below: all sites.
  alter table videos add column allowed_domains text[];

  -- What auth has said of projects, with the revision of the project; without a row: all sites.
  create table project_domains (
    project_id uuid primary key,
    domains text[] not null,
    revision integer not null
  );
  `,
}
