import type { Migration } from '@kinora/common/db'

export const projects: Migration = {
  name: '0004-projects',
  sql: `
  create table projects (
    -- That of the account for a personal project, so that media knows the project of everything that existed before.
    id uuid primary key,
    -- The account whose personal project it is; null for all others.
    personal_of uuid unique references users (id) on delete cascade check (personal_of = id),
    name text not null,
    created_at timestamptz not null
  );
  create index projects_created_at on projects (created_at desc, id desc) where personal_of is null;

  create table project_members (
    project_id uuid not null references projects (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    role text not null check (role in ('viewer', 'editor', 'admin', 'owner')),
    created_at timestamptz not null,
    primary key (project_id, user_id)
  );
  create index project_members_of_user on project_members (user_id);

  insert into projects (id, personal_of, name, created_at) select id, id, 'Personal', created_at from users;
  insert into project_members (project_id, user_id, role, created_at) select id, id, 'owner', created_at from users;

  -- Invitations that were not used yet; a used one is deleted.
  create table project_invitations (
    id uuid primary key,
    project_id uuid not null references projects (id) on delete cascade,
    -- Normalised. There may or may not be an account with it.
    email text not null,
    role text not null check (role in ('viewer', 'editor', 'admin', 'owner')),
    -- Who invites: the invitation ends when they leave the project.
    invited_by uuid not null,
    -- SHA-256; the token has 256 random bits, so nothing slower is needed.
    token_hash bytea not null unique,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    unique (project_id, email),
    foreign key (project_id, invited_by) references project_members (project_id, user_id) on delete cascade
  );
  create index project_invitations_inviter on project_invitations (project_id, invited_by);
  create index project_invitations_expires_at on project_invitations (expires_at);

  -- An invitation that is withdrawn, replaced or used takes its mail with it.
  alter table mail_queue add column project_invitation_id uuid references project_invitations (id) on delete cascade;
  create index mail_queue_project_invitation_id on mail_queue (project_invitation_id)
    where project_invitation_id is not null;

  -- A key reaches one project. Until then all were those of an account.
  alter table api_keys add column project_id uuid references projects (id) on delete cascade;
  update api_keys set project_id = user_id;
  alter table api_keys alter column project_id set not null;
  create index api_keys_of_project on api_keys (project_id, created_at desc, id desc) where revoked_at is null;

  -- Accounts whose roles gateways must look up again.
  alter table revocations add column account_ids uuid[] not null default '{}';

  -- Projects are erased as accounts are; user_id is then the id of the project.
  alter table erasures add column kind text not null default 'account' check (kind in ('account', 'project'));
  `,
}
