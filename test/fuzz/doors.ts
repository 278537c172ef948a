import fc from 'fast-check'
import { sign as signSlack } from 'local-slack/sign'
import { sign } from '../../src/offboarding/request-by-webhook.ts'
import { clicks, closes, commands, submits } from '../../src/slack/routes.ts'
import type { Scene } from './scene.ts'
import { bytes, header, list, object, oddJson, oddText, text, wellFormed } from './values.ts'

/** One input and its answer: the HTTP status, or the exit code of the shell. */
export type Attempt = { what: string; send(): Promise<number> }

/** A way in: how many of a hundred cases come by it, and arbitrary attempts. */
export type Door = { name: string; share: number; attempts: fc.Arbitrary<Attempt> }

type Sent = { method: string; path: string; headers?: Record<string, string>; body?: Buffer }

const shown = ({ method, path, body }: Sent) => `${method} ${path} ${body?.toString().slice(0, 400) ?? ''}`

async function request(url: string, { method, path, headers = {}, body }: Sent): Promise<number> {
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body ? { body: new Uint8Array(body) } : {}),
  })
  await response.arrayBuffer()
  return response.status
}

const userIds = ['U0ADA00001', 'U0BRUNO002', 'U0FUZZ0001', 'U0FUZZ0002', 'W0FUZZ0003']
const times = ['2026-11-25T10:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-14:00', '2026-11-25']
const paths = [
  '/v1/contacts',
  '/v1/contacts/7',
  '/v1/../x',
  '/v1/%00',
  '/v1/%e0%a4',
  '/v1/contacts;x',
  '//v1',
  '',
]

export function doorsOf(scene: Scene): Door[] {
  const { url, token, serviceToken } = scene
  const http = (sent: Sent): Attempt => ({ what: shown(sent), send: () => request(url, sent) })
  const service = { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' }

  const question = object({
    key: text(token, `${token.slice(0, -1)}x`, 'tml_x', ''),
    workspace: text(scene.workspaceId, 'ws_none'),
    scope: text('read', 'write', 'nuke'),
    method: text('GET', 'post', 'BREW'),
    path: text(...paths),
    ip: text('203.0.113.7', '::1', '010.0.0.1', '203.0.113.7:443', '[::1]:1'),
    userAgent: text('curl/8', 'x'.repeat(1_900)),
  })
  const outcome = object({
    keyId: text(scene.keyId, 'key_none'),
    method: text('GET', 'POST'),
    path: text(...paths),
    status: fc.constantFrom('200', '404', '500', '99', '600'),
    at: text(...times),
    ip: text('203.0.113.7', 'x'),
    userAgent: text('curl/8'),
  })
  const batch = object({ batch: text('b1', 'b2', 'b3'), outcomes: list(outcome), sentAt: text(...times) })

  const forwarded = fc.tuple(oddText, oddText, oddText, fc.constantFrom(...paths)).map(([a, b, c, path]) =>
    http({
      method: 'GET',
      path: '/v1/forward-auth',
      headers: {
        'x-keywarden-service-token': serviceToken,
        authorization: `Bearer ${header(a) || token}`,
        'x-original-method': header(b) || 'GET',
        'x-original-uri': path || header(c),
        'x-forwarded-for': header(c) || '203.0.113.7',
        'x-keywarden-workspace': header(b) || scene.workspaceId,
      },
    }),
  )

  return [
    {
      name: 'verify',
      share: 20,
      attempts: bytes(question).map((body) =>
        http({ method: 'POST', path: '/v1/verify', headers: service, body }),
      ),
    },
    { name: 'forward-auth', share: 10, attempts: forwarded },
    {
      name: 'usage',
      share: 10,
      attempts: bytes(batch).map((body) =>
        http({ method: 'POST', path: '/v1/usage', headers: service, body }),
      ),
    },
    { name: 'scim', share: 20, attempts: scimAttempts(scene, http) },
    { name: 'webhook', share: 8, attempts: webhookAttempts(scene, http) },
    { name: 'any address', share: 7, attempts: anyAddress(http) },
    { name: 'slack commands', share: 7, attempts: commandAttempts(scene) },
    { name: 'slack clicks', share: 7, attempts: clickAttempts(scene) },
    { name: 'slack dialogs', share: 5, attempts: dialogAttempts(scene) },
    { name: 'slack events', share: 5, attempts: eventAttempts(scene) },
    { name: 'shell', share: 1, attempts: shellAttempts(scene) },
  ]
}

function scimAttempts({ scimToken, userId }: Scene, http: (sent: Sent) => Attempt): fc.Arbitrary<Attempt> {
  const email = text('a@fuzz.example', 'B@fuzz.example', 'c')
  const address = object({
    value: email,
    type: text('work', 'home'),
    primary: fc.constantFrom('true', '"False"'),
  })
  const name = object({ givenName: text('Ada'), familyName: text('Lovelace') })
  const user = object({
    schemas: text('urn:ietf:params:scim:schemas:core:2.0:User').map((urn) => `[${urn}]`),
    userName: fc.nat({ max: 500 }).map((n) => `"u${n}@fuzz.example"`),
    externalId: text('x-1', 'x-2'),
    displayName: text('Ada'),
    name,
    emails: list(address),
    active: fc.constantFrom('true', 'true', 'true', '"True"', 'false', '[false]'),
    groups: list(object({ value: text('g') })),
  })
  const operation = object({
    op: text('add', 'Replace', 'remove', 'move'),
    path: text(
      'active',
      'emails',
      'emails[type eq "work"].value',
      'name',
      'name.givenName',
      'userName',
      'groups',
      'members',
    ),
    value: fc.oneof(email, user, list(address), fc.constantFrom('true', '"False"', 'null')),
  })
  const patch = object({
    schemas: list(text('urn:ietf:params:scim:api:messages:2.0:PatchOp')),
    Operations: list(operation),
  })
  const group = object({
    displayName: text('Sales', 'Support'),
    externalId: text('g'),
    members: list(address),
  })
  const filter = fc
    .tuple(
      fc.constantFrom(
        'userName',
        'externalId',
        'id',
        'emails[type eq "work"].value',
        'emails',
        'active',
        'displayName',
        'members',
        '(',
        '',
      ),
      fc.constantFrom('eq', 'EQ', 'co', 'and'),
      oddJson,
    )
    .map(([path, op, value]) => `${path} ${op} ${value}`)
  const query = fc
    .tuple(fc.oneof(filter, oddText), oddText, oddText, fc.boolean())
    .map(([one, start, count, twice]) =>
      [
        `filter=${encodeURIComponent(wellFormed(one).slice(0, 2_000))}`,
        `startIndex=${encodeURIComponent(wellFormed(start).slice(0, 100))}`,
        `count=${encodeURIComponent(wellFormed(count).slice(0, 100))}`,
        ...(twice ? ['count=1'] : []),
      ].join('&'),
    )
  const id = fc.oneof(
    fc.constant(userId),
    oddText.map((odd) => encodeURIComponent(wellFormed(odd).slice(0, 200)) || 'x'),
  )
  const headers = { authorization: `Bearer ${scimToken}`, 'content-type': 'application/scim+json' }
  const endpoint = fc.constantFrom('/scim/v2/Users', '/scim/v2/Groups', '/scim/v2//users', '/scim/v2/Users/')
  return fc.oneof(
    fc
      .tuple(endpoint, query)
      .map(([path, asked]) => http({ method: 'GET', path: `${path}?${asked}`, headers })),
    bytes(user).map((body) => http({ method: 'POST', path: '/scim/v2/Users', headers, body })),
    bytes(group).map((body) => http({ method: 'POST', path: '/scim/v2/Groups', headers, body })),
    fc
      .tuple(
        fc.constantFrom('PUT', 'PATCH', 'DELETE', 'GET'),
        fc.constantFrom('Users', 'Groups', 'Schemas'),
        id,
        bytes(fc.oneof(user, patch, group)),
      )
      .map(([method, kind, one, body]) =>
        http({ method, path: `/scim/v2/${kind}/${one}`, headers, ...(method === 'GET' ? {} : { body }) }),
      ),
    fc
      .tuple(id, bytes(patch))
      .map(([one, body]) => http({ method: 'PATCH', path: `/scim/v2/Users/${one}`, headers, body })),
  )
}

function webhookAttempts({ connection }: Scene, http: (sent: Sent) => Attempt): fc.Arbitrary<Attempt> {
  const body = object({
    user: text('U0FUZZ0001', 'U0FUZZ0002'),
    email: text('a@fuzz.example'),
    mode: text('deactivate', 'revoke', 'nuke'),
    successor: text('U0BRUNO002'),
    note: text('HR-7'),
  })
  const one = object({ user: text('U0FUZZ0001', 'U0FUZZ0002', 'U0FUZZ0003'), note: text('HR-7') })
  const signed = (content: Buffer | string, key: string) => {
    const timestamp = String(Math.floor(Date.now() / 1000))
    return {
      'content-type': 'application/json',
      'x-keywarden-connection': connection.id,
      'x-keywarden-timestamp': timestamp,
      'x-keywarden-signature': `v1=${sign(connection.secret, timestamp, content as string)}`,
      ...(key ? { 'idempotency-key': key } : {}),
    }
  }
  const path = '/v1/offboardings'
  return fc.oneof(
    fc
      .tuple(bytes(fc.oneof(body, one)), fc.oneof(fc.uuid(), oddText.map(header)))
      .map(([sent, key]): Attempt => {
        const all = (): Sent => ({ method: 'POST', path, headers: signed(sent, key), body: sent })
        return { what: shown(all()), send: () => http(all()).send() }
      }),
    oddText.map((odd) => {
      const id = wellFormed(odd).slice(0, 200).replace(/^\.*$/, 'x')
      return http({
        method: 'GET',
        path: `${path}/${encodeURIComponent(id)}`,
        headers: signed(`${path}/${id}`, ''),
      })
    }),
  )
}

const anyAddress = (http: (sent: Sent) => Attempt): fc.Arbitrary<Attempt> =>
  fc
    .tuple(
      fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
      fc.constantFrom(
        '/',
        '/readyz',
        '/healthz',
        '/metrics',
        '/openapi.json',
        '/v1/',
        '/v1/verify',
        '/slack/events',
        '/%',
        '/%00',
        '/scim/v2',
        '/scim/%E0%A4%A',
      ),
      oddText,
      bytes(oddJson),
      fc.constantFrom('application/json', 'text/plain', 'x', 'application/x-www-form-urlencoded', ''),
    )
    .map(([method, path, more, body, type]) =>
      http({
        method,
        path: `${path}${encodeURIComponent(wellFormed(more).slice(0, 300))}`,
        headers: type ? { 'content-type': type } : {},
        ...(method === 'GET' ? {} : { body }),
      }),
    )

function slackAttempt(scene: Scene, body: string, type = 'application/x-www-form-urlencoded'): Attempt {
  return {
    what: body.slice(0, 600),
    send: () => {
      const timestamp = Math.floor(Date.now() / 1000)
      const headers = {
        'content-type': type,
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': signSlack(scene.slack.signingSecret, timestamp, body),
      }
      return request(scene.url, { method: 'POST', path: '/slack/events', headers, body: Buffer.from(body) })
    },
  }
}

const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString()
const unique = () => Math.random().toString(36).slice(2)
const people = ['U0ADA00001', 'U0ADA00001', 'U0BRUNO002', 'U0DANA0004', 'U0FUZZ0001', '', '\0']

function commandAttempts(scene: Scene): fc.Arbitrary<Attempt> {
  const words = fc.oneof(
    oddText,
    fc.constantFrom(
      'Fuzzed',
      'in:Platform',
      'in:\0',
      'mine',
      '30d',
      'all overdue',
      '<@U0ADA00001|a>',
      '<http://x|x>',
      '"',
    ),
  )
  const verb = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...commands.map((one) => one.verb)) },
    { weight: 1, arbitrary: oddText },
  )
  return fc.tuple(verb, words, words, fc.constantFrom(...people)).map(([first, one, two, user_id]) =>
    slackAttempt(
      scene,
      form({
        ...{ command: '/keys', text: `${first} ${one} ${two}`, user_id, team_id: scene.slack.teamId },
        ...{
          channel_id: 'C0GENERAL1',
          trigger_id: `1.2.${unique()}`,
          response_url: `${scene.slack.url}/response/none`,
        },
      }),
    ),
  )
}

const from = (scene: Scene, id: string) =>
  `"user":${JSON.stringify({ id, team_id: scene.slack.teamId })},"team":${JSON.stringify({ id: scene.slack.teamId })},"trigger_id":"1.2.${unique()}"`

/** Values that our buttons and dialogs carry, and such as none ever did. */
const references = ({ workspaceId, keyId }: Scene) =>
  fc.oneof(
    fc.constantFrom(
      `${workspaceId}/${keyId}`,
      `${workspaceId}/none`,
      `${workspaceId}/{"filter":{},"from":0}`,
      `ws_x/${keyId}`,
    ),
    oddText.map((odd) => `${workspaceId}/${odd}`),
    oddJson.map((odd) => `${workspaceId}/${odd.slice(0, 1_900)}`),
    oddText,
  )

function clickAttempts(scene: Scene): fc.Arbitrary<Attempt> {
  const ids = [
    ...clicks.map(({ id }) => id),
    ...commands.map(({ verb }) => `go.${verb}`),
    'alert.menu',
    'go',
    'x',
  ]
  return fc
    .tuple(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...ids) }, { weight: 1, arbitrary: oddText }),
      references(scene),
      fc.constantFrom(...people),
      oddJson,
    )
    .map(([action_id, value, user, odd]) => {
      const action = `{"type":"button","action_id":${JSON.stringify(action_id)},"block_id":"b${unique()}","value":${JSON.stringify(value)},"action_ts":"1","x":${odd}}`
      const container = `{"type":"message","message_ts":"${unique()}"}`
      const payload = `{"type":"block_actions",${from(scene, user)},"response_url":"${scene.slack.url}/response/none","container":${container},"actions":[${action}]}`
      return slackAttempt(scene, form({ payload }))
    })
}

const fieldNames = [
  'name',
  'description',
  'integration',
  'owner',
  'scopes',
  'expires',
  'networks',
  'limit',
  'reason',
  'confirm',
  'user',
  'role',
  'mode',
  'successor',
  'days',
  'words',
  'note',
  'channel',
  '__proto__',
]

function dialogAttempts(scene: Scene): fc.Arbitrary<Attempt> {
  const ids = [...submits.map(({ id }) => id), 'x', '\0']
  const state = object({
    type: text('plain_text_input', 'static_select', 'checkboxes'),
    value: oddJson,
    selected_option: object({ value: oddJson, text: oddJson }),
    selected_user: text(...userIds),
  })
  const values = fc
    .array(fc.tuple(fc.constantFrom(...fieldNames), state), { maxLength: 8 })
    .map((all) => `{${all.map(([name, value]) => `"${name}":{"${name}":${value}}`).join(',')}}`)
  return fc
    .tuple(
      fc.constantFrom('view_submission', 'view_submission', 'view_submission', 'view_closed'),
      fc.constantFrom(...ids, ...closes.map(({ id }) => id)),
      references(scene),
      values,
      fc.constantFrom(...people),
    )
    .map(([type, callback, metadata, state, user]) => {
      const view = `{"id":"V${unique()}","type":"modal","callback_id":${JSON.stringify(callback)},"private_metadata":${JSON.stringify(metadata)},"hash":"h","title":{"type":"plain_text","text":"x"},"blocks":[],"state":{"values":${state}}}`
      return slackAttempt(
        scene,
        form({ payload: `{"type":"${type}",${from(scene, user)},"view":${view},"response_urls":[]}` }),
      )
    })
}

function eventAttempts(scene: Scene): fc.Arbitrary<Attempt> {
  const user = object({
    id: text('U0FUZZ0001', 'U0FUZZ0002'),
    team_id: text(scene.slack.teamId, 'T0OTHER001'),
    deleted: fc.constantFrom('true', 'false'),
    is_restricted: fc.constantFrom('true', 'false'),
    profile: object({ email: text('a@fuzz.example', 'A@FUZZ.example') }),
  })
  const changed = user.map((one) => `{"type":"user_change","user":${one},"event_ts":"1"}`)
  const home = fc
    .constantFrom(...people)
    .map(
      (id) =>
        `{"type":"app_home_opened","tab":"home","channel":"D1","user":${JSON.stringify(id)},"event_ts":"1"}`,
    )
  const group = oddJson.map((id) => `{"type":"subteam_members_changed","subteam_id":${id},"event_ts":"1"}`)
  const inputs = object({
    user: text('U0FUZZ0001'),
    mode: text('revoke', 'x'),
    successor: text('U0BRUNO002'),
    note: text('x'),
  })
  const step = inputs.map(
    (given) =>
      `{"type":"function_executed","function":{"callback_id":"offboard_person"},"function_execution_id":"Fx${unique()}","bot_access_token":"x","inputs":${given},"event_ts":"1"}`,
  )
  const odd = oddJson.map((one) => `{"type":"user_change","user":${one},"event_ts":"1"}`)
  return fc
    .oneof(changed, home, group, step, odd)
    .map((event) =>
      slackAttempt(
        scene,
        `{"type":"event_callback","team_id":"${scene.slack.teamId}","event_id":"Ev${unique()}","event":${event}}`,
        'application/json',
      ),
    )
}

function shellAttempts(scene: Scene): fc.Arbitrary<Attempt> {
  // No argument of a process has a NUL, and what is not UTF-8 arrives as U+FFFD.
  const word = oddText.map((odd) => wellFormed(odd.replaceAll('\0', '')))
  const moment = fc.oneof(fc.constantFrom(...times), word)
  const words = (...all: (string | fc.Arbitrary<string>)[]) =>
    fc.tuple(...all.map((one) => (typeof one === 'string' ? fc.constant(one) : one)))
  const csv = list(object({ sha256: oddJson, name: oddJson })).map(
    (cells) => `sha256,hint,name,scopes,owner\n${cells}\n`,
  )
  const line = object({
    workspace: text('ws_1', '\u001b[2K'),
    seq: fc.constantFrom('1', '2', '-1'),
    previousHash: text('0'.repeat(64)),
    hash: text('1'.repeat(64)),
    body: oddJson.map((body) => JSON.stringify(body)),
  })
  const file = bytes(
    fc.oneof(
      csv,
      fc.array(line, { minLength: 1, maxLength: 3 }).map((all) => all.join('\n')),
    ),
  )
  return fc.oneof(
    fc
      .oneof(
        words('keys', 'list', word),
        words('keys', 'show', word),
        words('keys', 'revoke', word, '--yes'),
        words('keys', 'list', '--workspace', word),
        words('offboard', word, '--preview'),
        words('workspace', 'suspend', word),
        words('service-token', 'revoke', word),
        words('audit', 'export', '--from', moment, '--to', moment),
        words('audit', 'export', '--key', word),
        words('usage', 'export', '--from', moment, '--by', fc.constantFrom('hour', 'day', 'x')),
        words('anomaly', 'replay', word),
        words(word, word),
      )
      .map((args): Attempt => ({ what: args.join(' '), send: () => scene.shell(args) })),
    fc.tuple(fc.constantFrom(['keys', 'import'], ['audit', 'verify']), file).map(
      ([verbs, body]): Attempt => ({
        what: `${verbs.join(' ')} ${body.toString().slice(0, 400)}`,
        send: () => scene.shellWithFile(verbs, body),
      }),
    ),
  )
}
