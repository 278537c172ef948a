import { stringify } from 'csv-stringify/sync'

/** The head of a file for spreadsheets: its byte order mark marks it as UTF-8. */
export const csvHead = (columns: readonly string[]): string => `\ufeff${columns.join(',')}\r\n`

/**
 * Rows as CSV (RFC 4180). Nothing that somebody typed can be read as a formula: a cell that begins like one gets an
 * apostrophe in front, and a cell with a line end is quoted.
 */
export const csvLines = (rows: readonly (readonly unknown[])[]): string =>
  stringify(rows as unknown[][], {
    escape_formulas: true,
    record_delimiter: '\r\n',
    quoted_match: /[\r\n]/,
  })
