const inCamelCase = (column: string): string =>
  column.replace(/_(\w)/g, (_, character: string) => character.toUpperCase())

/**
 * A row with its columns named as fields are: `workspace_id` is `workspaceId`. Columns that `T` does not name stay in it,
 * so a table that holds a secret is read column by column.
 */
export const fromRow = <T>(row: object): T =>
  Object.fromEntries(Object.entries(row).map(([column, value]) => [inCamelCase(column), value])) as T
