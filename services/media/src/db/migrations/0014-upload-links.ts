import type { Migration } from '@kinora/common/db'

/** Links by which visitors without an account upload to a project. */
export const uploadLinks: Migration = {
  name: '0014-upload-links',
  sql: `
  create table upload_links (
    id uuid primary key,
    -- SHA-256 of the token in base64url; the token itself is not stored.
    digest text not null unique,
    project_id uuid not null,
    -- Who created it, and owns the videos.
    owner_id uuid not null,
    -- What the videos are given; without a title that of their file.
    title text,
    description text not null,
    tags text[] not null,
    visibility text not null check (visibility in ('private', 'unlisted', 'public')),
    -- What is taken; null: whatever the project may upload, and pages of every origin.
    max_bytes bigint check (max_bytes > 0),
    content_types text[],
    allowed_origins text[],
    uses integer not null,
    -- Uploads under way and videos that came. Taken by the statement that begins an upload.
    used integer not null default 0 check (used between 0 and uses),
    -- Milliseconds, as in the API: a page's cursor must name the row exactly.
    created_at timestamptz(3) not null default now(),
    expires_at timestamptz(3) not null,
    revoked_at timestamptz(3)
  );
  create index upload_links_of_project on upload_links (project_id, created_at, id);
  create index upload_links_of_owner on upload_links (owner_id);
  create index upload_links_by_expiry on upload_links (expires_at);

  alter table videos add column upload_link_id uuid references upload_links (id) on delete set null;
  create index videos_of_upload_link on videos (upload_link_id) where upload_link_id is not null;
  alter table uploads add column upload_link_id uuid references upload_links (id) on delete set null;
  create index uploads_of_upload_link on uploads (upload_link_id) where upload_link_id is not null;

  -- An upload that ends without a source gives its use back, however its row goes: also together with its video.
  create function return_upload_link_use() returns trigger language plpgsql set search_path from current as $$
  begin
    update upload_links set used = used - 1 where id = old.upload_link_id;
    return null;
  end $$;
  create trigger uploads_return_link_use after delete on uploads for each row
    when (old.upload_link_id is not null and old.completed_at is null) execute function return_upload_link_use();
  `,
}
