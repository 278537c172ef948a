import type { Knex } from 'knex'

/**
 * One hash chain per workspace. Each event stores the exact text that was hashed, so that an export can be
 * verified without knowing how JSON was written that year. Columns beside it are read from that text by the
 * same function that appends, so that they cannot disagree with it.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table audit_heads (
      workspace_id text primary key references workspaces,
      seq bigint not null,
      hash bytea not null
    );
    create table audit_events (
      workspace_id text not null references workspaces,
      seq bigint not null,
      at timestamptz not null,
      event text not null,
      actor_kind text not null,
      actor_id text not null,
      key_id text,
      body text not null,
      previous_hash bytea not null,
      hash bytea not null,
      primary key (workspace_id, seq)
    );
    create index audit_events_by_key on audit_events (workspace_id, key_id, seq) where key_id is not null;
    create index audit_events_by_actor on audit_events (workspace_id, actor_id, seq);

    create function audit_append(p_workspace text, p_body text) returns bigint
    language plpgsql security definer set search_path from current as $$
    declare
      head audit_heads;
      parsed jsonb := p_body::jsonb;
      next_hash bytea;
    begin
      insert into audit_heads values (p_workspace, 0, decode(repeat('00', 32), 'hex')) on conflict do nothing;
      select * into head from audit_heads where workspace_id = p_workspace for update;
      next_hash := sha256(convert_to(
        p_workspace || E'\\n' || (head.seq + 1) || E'\\n' || encode(head.hash, 'hex') || E'\\n' || p_body, 'UTF8'));
      insert into audit_events (workspace_id, seq, at, event, actor_kind, actor_id, key_id, body, previous_hash, hash)
      values (p_workspace, head.seq + 1, (parsed->>'at')::timestamptz, parsed->>'event', parsed#>>'{actor,kind}',
        parsed#>>'{actor,id}', parsed->>'keyId', p_body, head.hash, next_hash);
      update audit_heads set seq = head.seq + 1, hash = next_hash where workspace_id = p_workspace;
      return head.seq + 1;
    end $$;

    create function audit_is_append_only() returns trigger language plpgsql as $$
    begin
      raise exception 'audit events are append-only';
    end $$;
    create trigger audit_events_append_only before update or delete on audit_events
      for each row execute function audit_is_append_only();
    create trigger audit_events_no_truncate before truncate on audit_events
      for each statement execute function audit_is_append_only();

    create table audit_refusals (
      workspace_id text not null references workspaces,
      actor_id text not null,
      action text not null,
      code text not null,
      key_id text not null default '',
      hour timestamptz not null,
      attempts bigint not null,
      primary key (workspace_id, actor_id, action, code, key_id, hour)
    );
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop table audit_refusals; drop table audit_events; drop table audit_heads;
    drop function audit_append(text, text); drop function audit_is_append_only();
  `)
