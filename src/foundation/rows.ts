const camelCase = new Map<string, string>()

/** Remembered: there are as many columns as the schema has, and each list has many rows of them. */
function inCamelCase(column: string): string {
  const known = camelCase.get(column)
  if (known !== undefined) return known
  const written = column.replace(/_(\w)/g, (_, character: string) => character.toUpperCase())
  camelCase.set(column, written)
  return written
}

/**
 * A row with its columns named as fields are: `workspace_id` is `workspaceId`. Columns that `T` does not name stay in it,
 * so a table that holds a secret is read column by column.
 */
export const fromRow = <T>(row: object): T =>
  Object.fromEntries(Object.entries(row).map(([column, value]) => [inCamelCase(column), value])) as T
