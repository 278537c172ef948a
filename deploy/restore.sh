#!/bin/sh
# restore.sh FILE   restores a dump of backup.sh into an empty database, whole or not at all
#
# Needs pg_restore and psql, and the address of the empty database: DATABASE_OWNER_URL, or DATABASE_URL where there is one role
# alone. Afterwards `keywarden migrate` gives the program's own role its rights.
set -eu
file=${1:?restore.sh FILE}
url=${DATABASE_OWNER_URL:-${DATABASE_URL:?DATABASE_OWNER_URL or DATABASE_URL must be the address of the database}}

[ -r "$file" ] || {
  echo "$file cannot be read. Give the file that backup.sh wrote." >&2
  exit 1
}
tables=$(psql --no-psqlrc --tuples-only --no-align --dbname="$url" --command="select count(*) from pg_class
  where relnamespace = to_regnamespace('public') and relkind in ('r', 'p')")
[ "$tables" -eq 0 ] || {
  echo "This database has $tables tables. Restore into an empty one: create database keywarden_restored owner keywarden_owner;" >&2
  exit 1
}
pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --dbname="$url" "$file"
echo 'Restored. Next: keywarden migrate, then revoke again what was revoked after the backup.'
