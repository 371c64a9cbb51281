import type { Migration } from '@kinora/common/db'

/** Chapters may come with a source, for as long as the owner of the video has not said otherwise. */
export const sourceChapters: Migration = {
  name: '0018b-source-chapters',
  sql: `
  alter table videos add column chapters_of_owner boolean not null default false;
  update videos set chapters_of_owner = true where chapters is not null;
  `,
}
