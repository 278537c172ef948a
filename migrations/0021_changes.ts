import type { Knex } from 'knex'

/**
 * The log of what every verifier must learn. Triggers write it at COMMIT, so no code path can forget it; they take
 * the lock exclusively before they draw the sequence and hold it until the transaction is visible, so sequence
 * order is commit order. One transaction is one change, whatever it touches.
 *
 * The wait for the disk is forced on: an acknowledged change must survive a crash.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create sequence change_seq;
    create table changes (
      seq bigint primary key,
      at timestamptz not null,
      confirmed_at timestamptz,
      receipt jsonb,
      check ((confirmed_at is null) = (receipt is null))
    );
    create index changes_unconfirmed on changes (seq) where confirmed_at is null;
    create table change_subjects (
      seq bigint not null references changes on delete cascade,
      kind text not null check (kind in ('key', 'workspace', 'account', 'service-token', 'import', 'all')),
      id text not null,
      token_hash bytea not null default '',
      primary key (seq, kind, id, token_hash)
    );
    create index change_subjects_by_id on change_subjects (kind, id, seq);
    create table change_log (
      singleton boolean primary key default true check (singleton),
      pruned_to bigint not null default 0,
      proven_at timestamptz
    );
    insert into change_log default values;

    create function log_change(p_kind text, p_id text, p_token_hash bytea) returns void
    language plpgsql set search_path from current as $$
    declare
      current_seq bigint;
    begin
      perform pg_advisory_xact_lock(4711002);
      current_seq := nullif(current_setting('keywarden.change', true), '')::bigint;
      if current_seq is null then
        current_seq := nextval('change_seq');
        insert into changes (seq, at) values (current_seq, clock_timestamp());
        perform set_config('keywarden.change', current_seq::text, true);
        perform set_config('synchronous_commit', 'on', true);
        perform pg_notify('keywarden_changes', current_seq::text);
      end if;
      insert into change_subjects (seq, kind, id, token_hash)
      values (current_seq, p_kind, p_id, coalesce(p_token_hash, '')) on conflict do nothing;
    end $$;

    create function key_changed() returns trigger language plpgsql set search_path from current as $$
    begin
      if old.token_hash is not null then
        perform log_change('key', old.id, old.token_hash);
      end if;
      if tg_op = 'UPDATE' and new.token_hash is distinct from old.token_hash and old.token_hash is not null
        and new.token_hash is not null then
        perform log_change('key', new.id, new.token_hash);
      end if;
      return null;
    end $$;
    create constraint trigger keys_change after update on keys deferrable initially deferred for each row
      when (old.token_hash is not null and (
        old.token_hash is distinct from new.token_hash or old.workspace_id <> new.workspace_id
        or old.status <> new.status or old.scopes <> new.scopes
        or old.expires_at is distinct from new.expires_at or old.ends_at is distinct from new.ends_at
        or old.allowed_networks <> new.allowed_networks
        or old.limit_per_minute is distinct from new.limit_per_minute))
      execute function key_changed();
    create constraint trigger keys_gone after delete on keys deferrable initially deferred for each row
      execute function key_changed();

    create function key_imported() returns trigger language plpgsql set search_path from current as $$
    begin
      perform log_change('import', 'tokens', null);
      return null;
    end $$;
    create constraint trigger keys_import after insert on keys deferrable initially deferred for each row
      when (new.token_hash is not null) execute function key_imported();

    create function workspace_changed() returns trigger language plpgsql set search_path from current as $$
    begin
      perform log_change('workspace', old.id, null);
      return null;
    end $$;
    create constraint trigger workspaces_change after update on workspaces deferrable initially deferred for each row
      when (old.account_id <> new.account_id or old.suspended_at is distinct from new.suspended_at)
      execute function workspace_changed();

    create function account_changed() returns trigger language plpgsql set search_path from current as $$
    begin
      perform log_change('account', old.id, null);
      return null;
    end $$;
    create constraint trigger accounts_change after update on accounts deferrable initially deferred for each row
      when (old.suspended_at is distinct from new.suspended_at)
      execute function account_changed();

    create function service_token_changed() returns trigger language plpgsql set search_path from current as $$
    begin
      perform log_change('service-token', old.id, old.token_hash);
      return null;
    end $$;
    create constraint trigger service_tokens_change after update on service_tokens
      deferrable initially deferred for each row
      when (old.revoked_at is distinct from new.revoked_at or old.account_id <> new.account_id
        or old.token_hash <> new.token_hash)
      execute function service_token_changed();
    create constraint trigger service_tokens_gone after delete on service_tokens
      deferrable initially deferred for each row execute function service_token_changed();

    create function everything_changed() returns trigger language plpgsql set search_path from current as $$
    begin
      perform log_change('all', tg_table_name, null);
      return null;
    end $$;
    create trigger keys_emptied after truncate on keys for each statement execute function everything_changed();
    create trigger service_tokens_emptied after truncate on service_tokens
      for each statement execute function everything_changed();
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop trigger service_tokens_emptied on service_tokens; drop trigger keys_emptied on keys;
    drop trigger service_tokens_gone on service_tokens; drop trigger service_tokens_change on service_tokens;
    drop trigger accounts_change on accounts; drop trigger workspaces_change on workspaces;
    drop trigger keys_import on keys; drop trigger keys_gone on keys; drop trigger keys_change on keys;
    drop function everything_changed(); drop function service_token_changed(); drop function account_changed();
    drop function workspace_changed(); drop function key_imported(); drop function key_changed();
    drop function log_change(text, text, bytea);
    drop table change_log; drop table change_subjects; drop table changes; drop sequence change_seq;
  `)
