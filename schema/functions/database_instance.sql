-- Identifies the cluster and database, the file of the log of changes and the start of the server, since
-- neither a dump nor a copy of the files empties the table epoch.
create or replace function database_instance() returns text language sql stable set search_path from current as $$
  select concat_ws(' ', (select system_identifier from pg_control_system()),
    (select oid from pg_database where datname = current_database()), pg_relation_filenode('changes'),
    extract(epoch from pg_postmaster_start_time()))
$$;
