#!/bin/sh
# backup.sh FOLDER   writes a dump of the database into FOLDER, and prints its name
#
# Needs pg_dump, of the server's version or newer, and the address of the database: DATABASE_OWNER_URL, or DATABASE_URL where
# there is one role alone. Redis need not be saved: a worker queues again what is due.
set -eu
umask 077
folder=${1:?backup.sh FOLDER}
url=${DATABASE_OWNER_URL:-${DATABASE_URL:?DATABASE_OWNER_URL or DATABASE_URL must be the address of the database}}

file=$folder/keywarden-$(date -u +%Y%m%dT%H%M%SZ).dump
trap 'rm -f "$file.partial"' EXIT
# Without the unlogged tables: they say which verifiers hold a lease, which is not so where this is restored.
pg_dump --format=custom --no-unlogged-table-data --file="$file.partial" --dbname="$url"
# A dump that cannot be read is none.
pg_restore --list "$file.partial" >/dev/null
mv "$file.partial" "$file"
echo "$file"
