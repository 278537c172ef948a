-- A revoked key's row stays, for audit and to recognise a dead key in use.
create table keys (
  id text primary key,
  workspace_id text not null references workspaces,
  name text not null check (char_length(name) between 1 and 80),
  name_folded text not null,
  description text not null default '' check (char_length(description) <= 300),
  integration text not null default '' check (char_length(integration) <= 80),
  -- incremented by each edit, so that an edit of an outdated version is refused
  version integer not null default 1,
  owner_id text not null,
  created_by text not null,
  created_at timestamptz not null,

  -- its rights
  scopes text[] not null check (
    cardinality(scopes) > 0 and scopes <@ array['read', 'write', 'conversations', 'agents', 'analytics']
  ),
  allowed_networks text[] not null default '{}' check (cardinality(allowed_networks) <= 50),
  limit_per_minute integer check (limit_per_minute > 0),

  -- its token, once revealed
  hint text,
  token_hash bytea unique check (length(token_hash) = 32),
  revealed_by text,
  revealed_at timestamptz,
  -- when the person who revealed it confirmed that they saved it
  saved_at timestamptz,

  -- its lifecycle
  status text not null check (status in ('unrevealed', 'active', 'inactive', 'revoked')),
  status_changed_at timestamptz not null,
  status_changed_by text not null,
  lifetime_days integer check (lifetime_days > 0),
  expires_at timestamptz,
  ends_at timestamptz,
  -- its expiry or the end of a rotation's grace, whichever comes first; from then on it is refused
  works_until timestamptz generated always as (least(expires_at, ends_at)) stored,
  predecessor_id text references keys,
  -- A successor takes its predecessor's name, so the predecessor must point to it before it is inserted: the
  -- reference is checked at commit.
  successor_id text references keys deferrable initially deferred,

  -- A time at which it was still in use. It lags behind the traffic, so that counting a request never touches
  -- the row; the search for idle keys brings it forward.
  used_by_then timestamptz,
  needed_at timestamptz,
  needed_by text,
  -- Since when it may have been unused. A column, because the planner has no statistics on an expression and
  -- would read all keys to find the few that are idle.
  quiet_since timestamptz not null
    generated always as (greatest(status_changed_at, used_by_then, needed_at)) stored,

  -- The text that a search looks in.
  found_by text not null generated always as (
    name_folded || ' ' || lower(integration) || ' ' || lower(description) || ' ' || lower(coalesce(hint, ''))
  ) stored,

  check (status <> 'unrevealed' or (token_hash is null and hint is null and expires_at is null)),
  check (status not in ('active', 'inactive') or (token_hash is not null and hint is not null)),
  check ((needed_at is null) = (needed_by is null))
);

-- A name is unique among live keys without a successor, so a successor may take it over.
create unique index keys_one_live_name on keys (workspace_id, name_folded)
  where status <> 'revoked' and successor_id is null;
create unique index keys_one_live_successor on keys (predecessor_id) where status <> 'revoked';
create index keys_by_successor on keys (successor_id) where successor_id is not null;

-- One index for each way to list, find and search, beginning with the workspace (and the owner, for people
-- who see only their own keys), so that a query reads about as many rows as it shows.
create index keys_by_hint on keys (workspace_id, hint);
create index keys_by_name on keys (workspace_id, name_folded, created_at desc);
create index keys_live_by_name on keys (workspace_id, name_folded, id) where status <> 'revoked';
create index keys_by_status on keys (workspace_id, status, name_folded, id);
create index keys_by_end on keys (workspace_id, works_until, id)
  where status = 'active' and works_until is not null;
create index keys_by_age on keys (workspace_id, revealed_at, id) where status = 'active' and successor_id is null;
create index keys_by_integration on keys (workspace_id, lower(integration), created_at desc)
  where status <> 'revoked' and integration <> '';
create index keys_by_owner on keys (workspace_id, owner_id, name_folded, id) where status <> 'revoked';
create index keys_of_owner_by_status on keys (workspace_id, owner_id, status, name_folded, id);
create index keys_of_owner_by_end on keys (workspace_id, owner_id, works_until, id)
  where status = 'active' and works_until is not null;
create index keys_of_owner_by_age on keys (workspace_id, owner_id, revealed_at, id)
  where status = 'active' and successor_id is null;

-- Words are searched by trigrams within the workspace, and scopes by name; the index of names returns those nearest
-- to a misspelt one in order.
create index keys_by_words on keys using gin (workspace_id, found_by gin_trgm_ops) where status <> 'revoked';
create index keys_by_scope on keys using gin (workspace_id, scopes);
create index keys_by_nearness on keys using gist (workspace_id, name_folded gist_trgm_ops(siglen = 64))
  where status <> 'revoked';

-- For jobs: each index holds little more than the rows that are due. The offer of a reveal counts from when it
-- was made, or made again after a reveal was voided.
create index keys_unrevealed on keys (status_changed_at) where status = 'unrevealed';
create index keys_offered on keys (workspace_id, owner_id, status_changed_at) where status = 'unrevealed';
create index keys_by_quiet on keys (workspace_id, quiet_since, id) where status = 'active';
create index keys_write_without_expiry on keys (workspace_id, id)
  where status = 'active' and expires_at is null and scopes @> array['write'];
-- For deleting the detector states of revoked keys.
create index keys_revoked on keys (id) where status = 'revoked';

-- The keys of a person who leaves, in all workspaces.
create index keys_owned on keys (owner_id) where status <> 'revoked';
create index keys_revealed on keys (revealed_by) where status <> 'revoked' and revealed_by is not null;
create index keys_created on keys (created_by) where status <> 'revoked';

-- People who have a key's token without having revealed it here.
create table key_holders (
  key_id text not null references keys,
  user_id text not null,
  since timestamptz not null,
  added_by text not null,
  why text not null check (char_length(why) <= 300),
  primary key (key_id, user_id)
);
create index key_holders_by_user on key_holders (user_id);

-- The direct messages that offer to replace a token. Once it is saved or replaced, they are edited to say so
-- and offer it no more.
create table token_messages (
  channel_id text not null,
  ts text not null,
  key_id text not null references keys,
  hint text not null,
  posted_at timestamptz not null,
  primary key (channel_id, ts)
);
create index token_messages_by_key on token_messages (key_id, hint);
create index token_messages_by_age on token_messages (posted_at);

-- Unrevealed keys that were offered to their owners, and in which matter: a rotation, a campaign or an offboarding. A
-- person has one message per matter.
create table key_offers (
  key_id text not null references keys,
  owner_id text not null,
  matter_id text not null,
  because text not null check (because in ('rotation', 'leaver', 'made', 'given', 'void')),
  -- who leaves, or did so
  by text not null,
  primary key (key_id, owner_id, matter_id)
);
create index key_offers_by_message on key_offers (matter_id, owner_id);
