import type { Migration } from '@kinora/common/db'

/** Who did it, beside to whom it was done; and what administrators look things up by. */
export const administration: Migration = {
  name: '0006-administration',
  sql: `
  alter table audit_log
    -- Null in rows that are older than this column.
    add column actor_kind text check (actor_kind in ('anonymous', 'user', 'service')),
    -- The user's id or the service's name.
    add column actor_id text;
  create index audit_log_of_actor on audit_log (actor_id, sequence desc) where actor_id is not null;
  create index audit_log_of_action on audit_log (action, sequence desc);
  create index audit_log_at on audit_log (at);
  create index audit_log_sign_ins on audit_log (user_id, sequence desc)
    where action in ('register', 'login') and outcome = 'success';
  create index users_created_at on users (created_at desc, id desc);
  `,
}
