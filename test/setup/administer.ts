import pg from 'pg'

/** Runs one statement outside any transaction, on a connection of its own. */
export async function administer(
  url: string,
  statement: string,
  values: unknown[] = [],
): Promise<Record<string, string>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(statement, values)).rows
  } finally {
    await client.end()
  }
}

/** The URL of another database of the same server. */
export function databaseUrl(url: string, database: string): string {
  const other = new URL(url)
  other.pathname = `/${database}`
  return other.href
}
