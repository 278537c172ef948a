-- Extensions that indexes of the tables need: words and misspelt names are found by trigrams, within a
-- workspace.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;
create extension if not exists btree_gist;

-- Every body that `keywarden migrate` gave a function of schema/functions, in their order: a program whose
-- body is here and is not the newest is older than the database.
create table function_versions (
  seq bigint generated always as identity primary key,
  name text not null,
  hash text not null,
  unique (name, hash)
);
