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
  const { code, message: whole } = (error instanceof AggregateError ? error.errors[0] : error) as {
    code?: unknown
    message: string
  }
  // Knex puts the statement first.
  const message = whole.split(' - ').at(-1) as string
  // A table that is not there, or is not seen.
  if (code === '42P01')
    return new StartError(`The database lacks what is needed (${message}). Run: keywarden migrate`)
  if (!isOutage(error)) return undefined
  if (code === '42501')
    return new StartError(
      `The role of ${variable} lacks a right (${message}). Run keywarden migrate with DATABASE_OWNER_URL, which grants it.`,
    )
  const remedy = isAboutTls(code, message)
    ? `Check the certificate of the server, and sslmode and sslrootcert in ${variable}.`
    : `Check ${variable} and that it accepts connections.`
  return new StartError(`Postgres cannot be reached (${message}). ${remedy}`)
}

const isAboutTls = (code: unknown, message: string): boolean =>
  /^(ERR_|EPROTO|UNABLE_TO|CERT|CRL|DEPTH_ZERO|SELF_SIGNED|HOSTNAME|INVALID)/.test(`${code}`) ||
  /\b(SSL|certificate)\b/i.test(message)
