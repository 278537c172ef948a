import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureInstalled } from '../../sandbox/services/install.ts'
import { whyNotMigrated } from '../../src/cli/migrate.ts'
import { openDatabase, transact } from '../../src/foundation/database.ts'
import { openDedicatedConnection } from '../../src/foundation/dedicated-connection.ts'
import { databaseStartError, isConnectionSpent, isOutage } from '../../src/foundation/outage.ts'
import { administer, databaseUrl } from '../setup/administer.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import fc from '../setup/seeded.ts'
import { shell } from '../setup/shell.ts'

const said = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 60 })

/** What Postgres answers. */
function answered(code: string, message: string): Error {
  const error = new pg.DatabaseError(message, message.length, 'error')
  error.code = code
  return error
}

/** What a socket, a resolver or TLS throws. */
const thrown = (code: string, message: string): Error => Object.assign(new Error(message), { code })

describe('the kinds of errors that a driver and a pool throw', () => {
  const states = [
    ...['08000', '08003', '08006', '08001', '08004', '08P01', '25006', '28000', '28P01', '3D000', '40001'],
    ...['40P01', '42501', '53000', '53100', '53200', '53300', '55000', '55P03', '57014', '57P01', '57P02'],
    ...['57P03', '57P04', '57P05', '58000', '58030', 'XX000', 'XX001', '25P03', '25P04', '26000', '42P05'],
  ]
  const codes = [
    ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'],
    ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'EPIPE', 'EPROTO', 'EADDRNOTAVAIL'],
    ...['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_TLS_HANDSHAKE_TIMEOUT'],
    ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'HOSTNAME_MISMATCH'],
  ]
  const sentences = [
    'Connection terminated',
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout expired',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'Client network socket disconnected before secure TLS connection was established',
    'The server does not support SSL connections',
    'There was an error establishing an SSL connection',
    'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string',
    'SASL: Last message was not SASLResponse',
    'Unable to acquire a connection',
    'Transaction query already complete, run with DEBUG=knex:tx for more info',
    'Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?',
  ]
  const outages = fc.oneof(
    fc.tuple(fc.constantFrom(...states), said).map(([code, message]) => answered(code, message)),
    fc.tuple(fc.constantFrom(...codes), said).map(([code, message]) => thrown(code, message)),
    fc.constantFrom(...sentences).map((message) => new Error(message)),
    fc
      .tuple(fc.constantFrom(...codes), said)
      .map(([code, message]) => new AggregateError([thrown(code, message), thrown(code, message)])),
  )

  test('are an outage, in one sentence that says what to do and names the variable', () => {
    fc.assert(
      fc.property(outages, (error) => {
        expect(isOutage(error)).toBe(true)
        const sentence = databaseStartError(error, 'SOME_URL')!.message
        expect(sentence).toContain('SOME_URL')
        expect(sentence).toMatch(/\b(Check|Point|Run) /)
        expect(sentence).not.toMatch(/\n {4}at /)
      }),
      { numRuns: 1_000 },
    )
  })

  test('are none where a statement is wrong, or the program', () => {
    const faults = ['22P02', '22003', '23505', '23503', '23514', '25P02', '42601', '42703', '42883', 'P0001']
    const wrong = fc.oneof(
      fc.tuple(fc.constantFrom(...faults), said).map(([code, message]) => answered(code, message)),
      said.map((message) => new TypeError(message)),
      said.map((message) => thrown('ENOENT', message)),
      fc.constantFrom('0A000').map((code) => answered(code, 'COPY is not supported')),
    )
    fc.assert(
      fc.property(wrong, (error) => {
        expect([isOutage(error), databaseStartError(error)]).toEqual([false, undefined])
      }),
      { numRuns: 1_000 },
    )
  })

  test('end the use of a connection that has no session behind it, or is led elsewhere', () => {
    for (const code of ['25006', '55000', '26000', '42P05'])
      expect([code, isConnectionSpent(answered(code, 'no'))]).toEqual([code, true])
    const garbled = new pg.DatabaseError('received invalid response: 48', 9, 'error')
    expect([isConnectionSpent(garbled), isOutage(garbled)]).toEqual([true, true])
    expect(isConnectionSpent(answered('0A000', 'cached plan must not change result type'))).toBe(true)
    for (const code of ['23505', '42501', '40001'])
      expect([code, isConnectionSpent(answered(code, 'no'))]).toEqual([code, false])
  })
})

test('a server without the contrib modules is said to lack them, and no stack is shown', () => {
  const why = whyNotMigrated(answered('0A000', 'extension "pg_trgm" is not available'), 'DATABASE_URL')
  expect(why?.message).toMatch(/^The server lacks an extension \(.+\)\. Install the contrib modules .+\.$/)
})

describe('a database that cannot be used is an outage for acts, lanes and the shell:', () => {
  let database: FreshDatabase
  let poor: string
  const servers: Server[] = []
  let pem: { key: string; cert: string }
  beforeAll(async () => {
    database = await freshDatabase()
    const role = `${new URL(database.url).pathname.slice(1)}_poor`
    await administer(database.url, `create role ${role} login password 'poor' connection limit 0`)
    const url = new URL(database.url)
    url.username = role
    url.password = 'poor'
    poor = url.href
    pem = selfSigned()
  })
  afterAll(async () => {
    for (const server of servers) server.close()
    await administer(database.url, `drop role ${new URL(poor).username}`)
    await database.drop()
  })

  /** A certificate for another name, signed by nobody. */
  function selfSigned() {
    const folder = mkdtempSync(join(tmpdir(), 'keywarden-certificate-'))
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=elsewhere.example', '-days', '1', '-nodes', '-newkey', 'rsa:2048']
    execFileSync(
      ensureInstalled(['openssl'])[0]!,
      ['req', '-x509', ...subject, '-keyout', keyFile, '-out', certFile],
      {
        stdio: 'ignore',
      },
    )
    const made = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
    rmSync(folder, { recursive: true })
    return made
  }

  /** The URL of something that listens and is no Postgres. */
  async function listening(greet: (socket: Socket) => void, query = ''): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      greet(socket)
    }).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return `postgres://k:p@127.0.0.1:${(server.address() as AddressInfo).port}/k${query}`
  }

  const withTls = (socket: Socket) =>
    socket.once('data', () => {
      socket.write('S')
      new TLSSocket(socket, { isServer: true, ...pem }).on('error', () => undefined)
    })

  /** A message of the server that ends a connection. */
  function fatal(code: string, message: string): Buffer {
    const fields = Buffer.from(`SFATAL\0C${code}\0M${message}\0\0`)
    const head = Buffer.from([0x45, 0, 0, 0, 0])
    head.writeUInt32BE(fields.length + 4, 1)
    return Buffer.concat([head, fields])
  }

  const unreached = /^Postgres cannot be reached \(.+\)\. Check .*DATABASE_URL.*\.\n$/
  /** What is said of those that were reached. */
  const sayings: Record<string, RegExp> = {
    'a wrong password': /^Postgres does not let the role in \(.+\)\. Check the user .+ DATABASE_URL, .+\.\n$/,
    'no password':
      /^Postgres does not let the role in \(SASL: .+\)\. Check the password in DATABASE_URL\.\n$/,
    'no such database': /^There is no such database \(.+\)\. Check the name in DATABASE_URL, .+\.\n$/,
    'no connection left':
      /^Postgres has no connection left \(.+\)\. Check .+ limit of the role of DATABASE_URL\.\n$/,
    'starting up': /^Postgres takes no connections at the moment \(.+\)\. Check .+ DATABASE_URL, .+\.\n$/,
  }
  const kinds: Record<string, () => Promise<string> | string> = {
    'nobody listens': () => 'postgres://k:p@127.0.0.1:9/k',
    'no such host': () => 'postgres://k:p@nowhere.invalid/k',
    'the connection is reset': () => listening((socket) => socket.resetAndDestroy()),
    'the connection is closed': () => listening((socket) => socket.once('data', () => socket.end())),
    'something else listens': () => listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    'no TLS there': () => `${database.url}?sslmode=verify-full`,
    'a certificate that nobody signed': () => listening(withTls, '?sslmode=verify-full'),
    'no TLS after all': () =>
      listening((socket) => socket.once('data', () => socket.write('Sno')), '?sslmode=verify-full'),
    'a wrong password': () => database.url.replace(/:[^:@]+@/, ':guess@'),
    'no password': () => database.url.replace(/:[^:@]+@/, '@'),
    'no such database': () => databaseUrl(database.url, 'nowhere'),
    'no connection left': () => poor,
    'starting up': () =>
      listening((socket) =>
        socket.once('data', () => socket.end(fatal('57P03', 'the database system is starting up'))),
      ),
  }
  test.each(Object.entries(kinds))('%s', async (kind, made) => {
    const url = await made()
    const db = openDatabase(url, { connections: 1, connectMs: 1_000 })
    const lane = openDedicatedConnection(url, { name: 'test', timeoutMs: 1_000 })
    try {
      expect(await transact(db, async (trx) => void (await trx.raw('select 1')))).toMatchObject({
        code: 'database_out',
      })
      const error = await lane.query({ name: 'one', text: 'select 1' }, []).catch((refused) => refused)
      expect([String(error), isOutage(error)]).toEqual([expect.any(String), true])
    } finally {
      await lane.close()
      await db.destroy()
    }
    const ran = await shell(['workspace', 'list'], { DATABASE_URL: url })
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toMatch(sayings[kind] ?? unreached)
  })

  test('the tables are not there: the sentence says to migrate', async () => {
    const name = `${new URL(database.url).pathname.slice(1)}_bare`
    await administer(database.url, `create database ${name}`)
    const ran = await shell(['workspace', 'list'], { DATABASE_URL: databaseUrl(database.url, name) })
    await administer(database.url, `drop database ${name} with (force)`)
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toMatch(/^The database lacks what is needed \(.+\)\. Run: keywarden migrate\n$/)
  })
})
