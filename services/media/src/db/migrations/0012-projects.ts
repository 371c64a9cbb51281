import type { Migration } from '@kinora/common/db'

/**
 * Videos, uploads, webhooks and limits belong to a project. What there was before is in the personal project of its account,
 * which has the id of the account.
 */
export const projects: Migration = {
  name: '0012-projects',
  sql: `
  -- owner_id stays: who has created it.
  alter table videos add column project_id uuid;
  update videos set project_id = owner_id;
  alter table videos alter column project_id set not null;
  drop index videos_of_owner_by_age, videos_of_owner_by_title, videos_in_work;
  create index videos_of_project_by_age on videos (project_id, created_at, id);
  create index videos_of_project_by_title on videos (project_id, title, id);
  -- The number of unfinished videos of a project decides which task is next.
  create index videos_in_work on videos (project_id, created_at, id) where status in ('uploaded', 'processing');

  alter table uploads add column project_id uuid;
  update uploads set project_id = owner_id;
  alter table uploads alter column project_id set not null;
  drop index uploads_under_way;
  create index uploads_under_way on uploads (project_id) where completed_at is null;

  alter table webhooks add column project_id uuid;
  update webhooks set project_id = owner_id;
  alter table webhooks alter column project_id set not null;
  drop index webhooks_of_owner, webhooks_failing_slowly;
  create index webhooks_of_project on webhooks (project_id, created_at, id);
  create index webhooks_of_owner on webhooks (owner_id);
  create index webhooks_failing_slowly on webhooks (project_id) where failing_slowly and disabled_reason is null;

  -- Whose files these are, whose limits, and what is erased: each the id of a project.
  alter table deletions rename column owner_id to project_id;
  alter index deletions_of_owner rename to deletions_of_project;
  alter table owner_limits rename to project_limits;
  alter table project_limits rename column owner_id to project_id;
  alter table erased_owners rename to erased_projects;
  alter table erased_projects rename column owner_id to project_id;
  `,
}
