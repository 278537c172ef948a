import { whyNoChanges } from './primary.ts'
import { StartError } from './start-error.ts'

/** Errors from before a connection could be asked anything: no statement can be at fault. */
const whileConnecting = new WeakSet<object>()

/** Marks the error of an attempt to connect, and throws it. */
export function failedToConnect(error: unknown): never {
  if (typeof error === 'object' && error !== null) whileConnecting.add(error)
  throw error
}

// Class 08 is a lost connection, 28 a role that is not let in, 40 a transaction that gave way to another, 53 no room, 57
// an intervention or a limit of time, 58 and XX a server in distress; 25006 and 55000 a server that takes no changes,
// 25P03 and 25P04 a transaction that was ended for its slowness, 26000 and 42P05 prepared statements of another session,
// 3D000 no such database, 3F000 and 42P01 a schema that is not there or not yet restored, 42501 a missing right,
// 55P03 a lock.
const outageStates =
  /^((08|28|40|53|57|XX)...|25006|25P0[34]|26000|3[DF]000|42501|42P0[15]|55000|55P03|580[03]0)$/
// Of sockets and of names, of TLS and of certificates.
const outageCodes =
  /^(E(CONN[A-Z]+|NET[A-Z]+|HOST[A-Z]+|AI_[A-Z]+|NOTFOUND|PIPE|PROTO|TIMEDOUT|TIMEOUT|ADDRNOTAVAIL)|ERR_(TLS|SSL|OSSL)_\w+|(UNABLE_TO|CERT|CRL|DEPTH_ZERO|SELF_SIGNED)_\w+|(HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE))$/
// The driver and the pool have no codes.
const outageSentences =
  /connection terminated|timeout expired|(timeout acquiring|unable to acquire) a connection|connection ended|read timeout|not queryable|client was closed|client has encountered a connection error|client network socket disconnected|socket hang up|does not support SSL connections|establishing an SSL connection|^SASL: |transaction query already complete/i

/**
 * Whether an error says that the database could not be reached, not in time, not where it takes changes or not by this
 * role, rather than that a statement was wrong.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (whileConnecting.has(error)) return true
  if (error instanceof AggregateError && error.errors.some(isOutage)) return true
  if (whyNoChanges(error) || isSessionLost(error)) return true
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && (outageStates.test(code) || outageCodes.test(code))) return true
  return outageSentences.test(error.message) || error.name === 'KnexTimeoutError'
}

/**
 * Whether a connection has to make way for another after this error: the server takes no changes, or does not have what
 * the session left there, as behind a pooler, or keeps a plan from before a migration.
 */
export const isConnectionSpent = (error: unknown): boolean =>
  whyNoChanges(error) !== undefined || isSessionLost(error)

function isSessionLost(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (code === '26000' || code === '42P05' || (code === '0A000' && /cached plan/.test(`${message}`)))
    return true
  // The driver's own, in the form of an answer: what came is not the protocol, and nobody knows where it goes on.
  return code === undefined && /^received invalid response/.test(`${message}`)
}

/** The sentence for a start or command that a database kept from happening; undefined when it was not that. */
export function databaseStartError(error: unknown, variable = 'DATABASE_URL'): StartError | undefined {
  const noChanges = whyNoChanges(error)
  if (noChanges)
    return new StartError(`Postgres takes no changes: ${noChanges}. Point ${variable} at the primary.`)
  const { code, message } = (error instanceof AggregateError ? error.errors[0] : error) as {
    code?: unknown
    message: string
  }
  if (!isOutage(error)) return undefined
  const said = reasonOf({ message })
  const kind = kinds.find(({ states, words }) => states.test(`${code}`) && (words?.test(said) ?? true))
  if (kind) return new StartError(`${kind.what(variable)} (${said}). ${kind.remedy(variable)}`)
  const remedy = isAboutTls(code, said)
    ? `Check the certificate of the server, and sslmode and sslrootcert in ${variable}.`
    : `Check ${variable} and that it accepts connections.`
  return new StartError(`Postgres cannot be reached (${said}). ${remedy}`)
}

/** The words of an error, without the statement, which knex puts first. */
export const reasonOf = ({ message }: { message: string }): string => message.split(' - ').at(-1) as string

type Kind = {
  states: RegExp
  words?: RegExp
  what(variable: string): string
  remedy(variable: string): string
}

/** The reason why a role cannot use a server that was reached, and what to do about it; the first that fits. */
const kinds: Kind[] = [
  {
    // A table or a schema that is not there, or is not seen.
    states: /^(42P01|3F000)$/,
    what: () => 'The database lacks what is needed',
    remedy: () => 'Run: keywarden migrate',
  },
  {
    states: /^28/,
    what: () => 'Postgres does not let the role in',
    remedy: (variable) => `Check the user and the password in ${variable}, and pg_hba.conf.`,
  },
  {
    // The driver's own, which has no code.
    states: /^undefined$/,
    words: /^SASL: /,
    what: () => 'Postgres does not let the role in',
    remedy: (variable) => `Check the password in ${variable}.`,
  },
  {
    states: /^3D000$/,
    what: () => 'There is no such database',
    remedy: (variable) => `Check the name in ${variable}, or create the database.`,
  },
  {
    states: /^42501$/,
    words: /for database/,
    what: (variable) => `The role of ${variable} lacks a right`,
    remedy: () => 'Run as the owner of the database: grant connect on database ... to ...',
  },
  {
    states: /^42501$/,
    what: (variable) => `The role of ${variable} lacks a right`,
    remedy: () => 'Run keywarden migrate with DATABASE_OWNER_URL, which grants it.',
  },
  {
    states: /^53300$/,
    what: () => 'Postgres has no connection left',
    remedy: (variable) => `Check max_connections, and the connection limit of the role of ${variable}.`,
  },
  {
    states: /^53/,
    what: () => 'Postgres has no room left',
    remedy: (variable) => `Check the disk and the memory of the server of ${variable}.`,
  },
  {
    states: /^57P03$/,
    what: () => 'Postgres takes no connections at the moment',
    remedy: (variable) => `Check the log of the server of ${variable}, and try again when it is up.`,
  },
  {
    states: /^(57014|55P03|40...)$/,
    what: () => 'Postgres took too long',
    remedy: (variable) =>
      `Check in pg_stat_activity what the database of ${variable} waits for, and try again.`,
  },
]

const isAboutTls = (code: unknown, message: string): boolean =>
  /^(ERR_|EPROTO|UNABLE_TO|CERT|CRL|DEPTH_ZERO|SELF_SIGNED|HOSTNAME|INVALID)/.test(`${code}`) ||
  /\b(SSL|certificate)\b/i.test(message)
