#!/bin/sh
# Creates the two roles and the database, once, in an empty PostgreSQL: the running program cannot change its own audit.
# Needs KEYWARDEN_DB_OWNER_PASSWORD and KEYWARDEN_DB_PASSWORD, and psql's own variables of where to connect.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  --set owner_password="$KEYWARDEN_DB_OWNER_PASSWORD" --set password="$KEYWARDEN_DB_PASSWORD" <<'SQL'
create role keywarden_owner login password :'owner_password';
create role keywarden login password :'password';
create database keywarden owner keywarden_owner;
SQL
