-- Extensions for indexes: words and misspelt names are found by trigrams within a workspace.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;
create extension if not exists btree_gist;

-- Every version of a function of schema/functions that `keywarden migrate` installed, in order: a program
-- whose version is here but not the newest is older than the database.
create table function_versions (
  seq bigint generated always as identity primary key,
  name text not null,
  hash text not null,
  unique (name, hash)
);
