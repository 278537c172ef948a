import { stringify } from 'csv-stringify/sync'

/** The head of a file for spreadsheets: its byte order mark marks it as UTF-8. */
export const csvHead = (columns: readonly string[]): string => `\ufeff${columns.join(',')}\r\n`

/** Rows as CSV (RFC 4180). Nothing that somebody typed can be read as a formula. */
export const csvLines = (rows: readonly (readonly unknown[])[]): string =>
  stringify(rows as unknown[][], { escape_formulas: true, record_delimiter: '\r\n' })
