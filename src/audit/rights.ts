import type { Database, Executor } from '../foundation/database.ts'

const readOnly = [
  'audit_events',
  'audit_heads',
  'audit_refusals',
  'function_versions',
  'knex_migrations',
  'knex_migrations_lock',
]

const withOwnersRights = [
  'audit_append',
  'count_refusal',
  'sum_up_refusals',
  'forget_refusals',
  'make_usage_partition',
  'drop_usage_partitions',
]

/**
 * Gives the app's role what it works with, and of the audit only reading and appending. The owner of the tables
 * runs it after every migration; new tables are covered then.
 */
export async function grantRights(owner: Database, appRole: string): Promise<void> {
  await owner.transaction(async (trx) => {
    const { rows } = await trx.raw('select current_schema() as schema')
    const names = { schema: rows[0].schema, role: appRole }
    const tables = readOnly.map((table) => trx.ref(table).withSchema(names.schema).toQuery()).join(', ')
    for (const statement of [
      'revoke create on schema :schema: from public, :role:',
      'grant usage on schema :schema: to :role:',
      'grant select, insert, update, delete on all tables in schema :schema: to :role:',
      'grant usage on all sequences in schema :schema: to :role:',
      `revoke all on ${tables} from public, :role:`,
      `grant select on ${tables} to :role:`,
    ])
      await trx.raw(statement, names)
    // They run with the owner's rights, and nobody else may call them.
    for (const routine of withOwnersRights)
      await trx.raw(`grant execute on function :routine: to :role:`, { ...names, routine })
  })
}

/** Whether any table of the schema belongs to that role, which could then do with it what it likes. */
export async function ownsTables(db: Executor, role: string): Promise<boolean> {
  const { rows } = await db.raw(
    `select exists (select from pg_tables where schemaname = current_schema() and tableowner = ?) as owns`,
    [role],
  )
  return rows[0].owns
}

/**
 * Lists the rights that would let the connected role change or replace the audit's records; empty when there are none.
 * A superuser can do everything and shows up as owner.
 */
export async function weaknesses(db: Executor): Promise<string[]> {
  const { rows } = await db.raw(`
    with audit as (
      select oid, relowner from pg_class
      where relnamespace = current_schema()::regnamespace and relname in ('audit_events', 'audit_heads', 'audit_refusals')
    )
    select current_user as role,
      (select bool_or(pg_has_role(relowner, 'member')) from audit) as owns_tables,
      (select bool_or(pg_has_role(proowner, 'member')) from pg_proc where oid = 'audit_append'::regproc) as owns_append,
      (select bool_or(has_table_privilege(oid, 'insert, update, delete, truncate, trigger')) from audit) as writes,
      has_schema_privilege(current_schema(), 'create') as creates,
      (select pg_has_role(nspowner, 'member') from pg_namespace where nspname = current_schema()) as owns_schema
  `)
  const { role, ...is } = rows[0]
  return [
    ...(is.owns_tables ? [`${role} owns its tables`] : []),
    ...(is.owns_append && !is.owns_tables ? [`${role} owns the function that appends`] : []),
    ...(is.writes && !is.owns_tables ? [`${role} may write to its tables`] : []),
    ...(is.owns_schema && !is.owns_tables ? [`${role} owns the schema and can drop its tables`] : []),
    ...(is.creates && !is.owns_schema ? [`${role} may create objects in the schema`] : []),
  ]
}

/**
 * A sentence about the rights that the connected role lacks although Keywarden uses them; empty when it lacks none.
 * Partitions are reached through their table.
 */
export async function doubtsAboutRights(db: Executor): Promise<string[]> {
  const { rows } = await db.raw(
    `with needed as (
       select oid, relname, unnest(case when relname = any(?) then '{select}'::text[]
         else '{select,insert,update,delete}'::text[] end) as does
       from pg_class
       where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
     )
     select does || ' on ' || relname as lacks from needed where not has_table_privilege(oid, does)
     union all select 'usage on ' || relname from pg_class
       where relnamespace = current_schema()::regnamespace and case when relkind = 'S' then not has_sequence_privilege(oid, 'usage') end
     union all select 'execute on ' || proname from pg_proc
       where pronamespace = current_schema()::regnamespace and not has_function_privilege(oid, 'execute')
     order by 1`,
    [readOnly],
  )
  if (rows.length === 0) return []
  const named = rows.slice(0, 5).map(({ lacks }: { lacks: string }) => lacks)
  const more = rows.length > named.length ? ` and ${rows.length - named.length} more` : ''
  return [
    `the role of DATABASE_URL lacks ${named.join(', ')}${more}; run keywarden migrate with DATABASE_OWNER_URL, which grants it`,
  ]
}
