import type { Migration } from '@kinora/common/db'

/** Each audit row carries the hash of the one before it: see `domain/audit-chain.ts`. */
export const auditChain: Migration = {
  name: '0008-audit-chain',
  sql: `
  -- The hashes need a secret that is not here, so the rows so far wait for the next start of auth, which chains them.
  create table audit_log_unchained as select * from audit_log;
  alter table audit_log_unchained add primary key (sequence);
  revoke all on audit_log_unchained from kinora_auth;
  grant select, delete on audit_log_unchained to kinora_auth;
  delete from audit_log;

  alter table audit_log
    -- Taken from the chain's head: without gaps, in the order of the commits.
    alter column sequence drop identity,
    add column personal_salt bytea,
    add column personal_digest bytea not null,
    add column previous_hash bytea not null,
    add column hash bytea not null;

  -- One row. Its lock is held until the commit, so appends take turns.
  create table audit_head (
    only_row boolean primary key default true check (only_row),
    sequence bigint not null,
    hash bytea not null
  );
  insert into audit_head (sequence, hash) values (0, decode(repeat('00', 32), 'hex'));
  revoke insert, delete on audit_head from kinora_auth;

  -- The one way in which an audit row may change: personal data goes, and the chain holds. Where a call came from belongs
  -- to who made it; of an anonymous one, or one from before actors were kept, to whom it is about.
  create function erase_audit_origins(of_user uuid) returns bigint
    language sql security definer set search_path = auth, pg_temp
    as $$
      with erased as (
        update audit_log set ip = null, user_agent = null, personal_salt = null
        where personal_salt is not null
          and (actor_id = of_user::text or (user_id = of_user and (actor_kind = 'anonymous' or actor_kind is null)))
        returning 1
      )
      select count(*) from erased
    $$;
  revoke all on function erase_audit_origins from public;
  grant execute on function erase_audit_origins to kinora_auth;
  `,
}
