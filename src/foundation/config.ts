import { dirname, join } from 'node:path'
import { z } from 'zod'
import { readNetwork } from './address.ts'
import { readPrivateKey } from './ed25519.ts'
import { isRedisUrl } from './redis-url.ts'
import { readSealingKeys } from './seal.ts'
import { isTimeZone } from './time.ts'

const port = z.coerce.number().int().min(0).max(65_535)
const url = (protocols: string[]) =>
  z
    .string()
    .refine((text) => protocols.some((protocol) => text.startsWith(`${protocol}://`)), 'has another form')
    .refine(URL.canParse, 'not a URL; in a password write / as %2F, @ as %40, # as %23')

/** Every variable: its rule, what it is for, an example. The README's table is printed from this. */
export const variables = {
  DATABASE_URL: [
    url(['postgres', 'postgresql']),
    'the primary Postgres, 15 or newer',
    'postgres://keywarden:secret@localhost:5432/keywarden',
  ],
  DATABASE_OWNER_URL: [
    url(['postgres', 'postgresql']).optional(),
    'for keywarden migrate: the role that owns the tables, so that the role of DATABASE_URL cannot change the audit',
    'postgres://keywarden_owner:secret@localhost:5432/keywarden',
  ],
  DATABASE_READ_URL: [
    url(['postgres', 'postgresql']).optional(),
    'a hot standby that statistics and exports are read from, a little late; verifies and changes never are',
    'postgres://keywarden:secret@replica:5432/keywarden',
  ],
  REDIS_URL: [
    z
      .string()
      .refine(isRedisUrl, 'has another form; in a password write / as %2F, @ as %40, # as %23')
      .default('redis://127.0.0.1:6379'),
    'Redis or Valkey for the job queue, or its Sentinels',
    'redis://localhost:6379',
  ],
  SLACK_BOT_TOKEN: [
    z.string().startsWith('xoxb-').optional(),
    'the bot token, from OAuth & Permissions',
    'xoxb-1234-5678-abcdef',
  ],
  SLACK_MODE: [z.enum(['socket', 'http']).default('socket'), 'how Slack reaches the bot', 'socket'],
  SLACK_APP_TOKEN: [
    z.string().startsWith('xapp-').optional(),
    'for socket mode: an app-level token with connections:write',
    'xapp-1-A012-345-abcdef',
  ],
  SLACK_SIGNING_SECRET: [
    z.string().min(16).optional(),
    'for http mode: the signing secret, from Basic Information',
    '8f742231b10e8888abcd99yyyzzz85a5',
  ],
  SLACK_API_URL: [
    url(['http', 'https']).default('https://slack.com/api/'),
    'another Slack API, such as the sandbox',
    'https://slack.com/api/',
  ],
  KEYWARDEN_SLACK_HISTORY: [
    z.enum(['on', 'off']).default('on'),
    "whether Slack's history is searched before a message that may have arrived is sent again; off needs fewer scopes and may repeat messages",
    'on',
  ],
  KEYWARDEN_SLACK_BURST: [
    z.coerce.number().int().min(1).max(1_000).default(10),
    'how many messages are posted into one channel at once; after them one a second, as Slack allows',
    '10',
  ],
  KEYWARDEN_WORKSPACE: [
    z.string().min(1).max(80).default('Platform'),
    'the name of the first workspace',
    'Platform',
  ],
  KEYWARDEN_FIRST_OWNER: [
    z
      .string()
      .regex(/^[UW][A-Z0-9]+$/)
      .optional(),
    'Slack user id of the first owner; else the owners of the Slack workspace',
    'U012AB3CD',
  ],
  KEYWARDEN_CANARY_WORKSPACE: [
    z.string().trim().min(1).max(80).optional(),
    'the workspace of the canary, made if there is none: each hour every verifier judges a key there before and after its end; without it there is no canary. The same for workers and verifiers',
    'Canary',
  ],
  KEYWARDEN_ALERT_CHANNEL: [
    z.string().min(1).default('security-alerts'),
    'the security channel, by name or id',
    'security-alerts',
  ],
  KEYWARDEN_TIME_ZONE: [
    z.string().refine(isTimeZone, 'is not a time zone').default('UTC'),
    'IANA time zone of the first workspace',
    'Europe/Berlin',
  ],
  KEYWARDEN_TOKEN_PREFIX: [
    z
      .string()
      .regex(/^[a-z][a-z0-9]{1,9}_$/)
      .default('tml_'),
    'what every token starts with',
    'tml_',
  ],
  KEYWARDEN_AUDIT_CHECKPOINTS: [
    z.string().min(1).optional(),
    'file that signed checkpoints of the audit are appended to; keep it away from the database',
    '/var/lib/keywarden/audit-checkpoints.jsonl',
  ],
  KEYWARDEN_AUDIT_KEY: [
    z
      .string()
      .refine((text) => readPrivateKey(text) !== undefined, 'is not an Ed25519 private key')
      .optional(),
    'the key that signs checkpoints, Ed25519, as PEM or base64 of PKCS#8',
    'MC4CAQAwBQYDK2VwBCIEI...',
  ],
  KEYWARDEN_AUDIT_KEY_FILE: [
    z.string().min(1).optional(),
    'file of that key when KEYWARDEN_AUDIT_KEY is not set; made at first use; else audit-key.pem beside the checkpoints',
    '/etc/keywarden/audit-key.pem',
  ],
  KEYWARDEN_HTTP_HOST: [
    z.string().default('127.0.0.1'),
    'address that the HTTP server listens on',
    '0.0.0.0',
  ],
  KEYWARDEN_HTTP_PORT: [port.default(8080), 'port of the HTTP server; 0 takes a free one', '8080'],
  KEYWARDEN_SECRET_KEYS: [
    z
      .string()
      .transform((text, context) => {
        const keys = readSealingKeys(text)
        if (keys) return keys
        context.addIssue({ code: 'custom', message: 'is not NAME:BASE64 of 32 bytes, each name once' })
        return z.NEVER
      })
      .default([]),
    'keys that the secrets of webhooks are encrypted with in the database, by name: the first for new ones, the others to read older ones',
    '2026a:Jl1WW0hdq0NtFz1NFsXUmSiMeZ4x0TvD0aYyAVCsRPs=',
  ],
  KEYWARDEN_OPERATIONS_PORT: [
    port.optional(),
    'a second port, on the same address, for metrics and the details of readiness; then the first has neither. Publish it to your monitoring alone',
    '9090',
  ],
  KEYWARDEN_OPERATIONS_TOKEN: [
    z
      .string()
      .regex(/^\S{16,200}$/, 'has not 16 to 200 characters without blanks')
      .optional(),
    'without that port: what monitoring sends as Authorization: Bearer for metrics and the details of readiness; without both, nobody reads them',
    'a3f1c07e5b9d4e68',
  ],
  KEYWARDEN_DRAIN: [
    z
      .string()
      .regex(/^\d{1,2}s$/, 'is not a length such as 5s')
      .transform((text) => Number.parseInt(text, 10) * 1_000)
      .refine((ms) => ms <= 60_000, 'is not between 0s and 60s')
      .default(0),
    'how long a process that is to stop still serves while /readyz says 503: longer than your proxy takes to notice, such as 5s',
    '0s',
  ],
  KEYWARDEN_LEASE: [
    z
      .string()
      .regex(/^\d{1,6}(ms|s)$/, 'is not a length such as 5s')
      .transform((text) =>
        text.endsWith('ms') ? Number.parseInt(text, 10) : Number.parseInt(text, 10) * 1_000,
      )
      .refine((ms) => ms >= 200 && ms <= 300_000, 'is not between 200ms and 300s')
      .default(5_000),
    'how long a verifier may answer from memory while Postgres is out; also the longest wait for a revoke',
    '5s',
  ],
  KEYWARDEN_CACHED_KEYS: [
    z.coerce.number().int().min(100).max(10_000_000).default(150_000),
    'keys that a verifier remembers at most, about 400 bytes each',
    '150000',
  ],
  KEYWARDEN_USAGE_DAYS: [
    z.coerce.number().int().min(100).max(4_000).default(400),
    'days that usage by the day is kept; hours are kept for 100 days, five minutes for 35',
    '400',
  ],
  KEYWARDEN_USAGE_SINK: [
    url(['http', 'https']).optional(),
    'where workers send counted usage too, as NDJSON over HTTP; the same for all of them',
    'https://usage.example.com/ingest',
  ],
  KEYWARDEN_USAGE_SINK_TOKEN: [
    z.string().min(1).optional(),
    'what they send there as Authorization: Bearer',
    'b7e4d1c09a2f6e53',
  ],
  KEYWARDEN_TRUSTED_PROXIES: [
    z.string().transform(readNetworkList).default(['127.0.0.0/8', '::1/128']),
    'networks of the proxies in front of /v1/forward-auth, whose X-Forwarded-For is believed',
    '10.0.0.0/8',
  ],
  KEYWARDEN_ROUTES_FILE: [
    z.string().min(1).optional(),
    'YAML file of method, path and scopes per route; else the documented defaults',
    '/etc/keywarden/routes.yml',
  ],
  KEYWARDEN_UNCLEAR_PATHS: [
    z.enum(['refuse', 'log']).default('refuse'),
    'what happens to requests whose path two servers could read differently; log lets them through as before, for one release',
    'log',
  ],
  KEYWARDEN_ANALYTICS_EXPORTS: [
    z.enum(['log', 'allow']).default('log'),
    'whether keys with analytics may make exports, as the documented routes say; log refuses them as before and logs which they are',
    'allow',
  ],
  KEYWARDEN_TRACES: [
    url(['http', 'https']).optional(),
    "where OpenTelemetry's traces of requests go, by OTLP over HTTP as JSON; without it nothing is traced",
    'http://localhost:4318/v1/traces',
  ],
  KEYWARDEN_TRACES_SHARE: [
    z.coerce.number().min(0).max(1).default(0.01),
    'which share of requests is traced, from 0 to 1',
    '0.01',
  ],
  KEYWARDEN_LOG_LEVEL: [
    z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    'least severe line that is logged',
    'info',
  ],
} as const satisfies Record<string, readonly [z.ZodType, string, string]>

type Variables = typeof variables
export type Environment = { [Name in keyof Variables]: z.output<Variables[Name][0]> }

export type Config = ReturnType<typeof arrange>

/** Thrown at start; its message names each variable that is wrong, what it is for, and an example. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Reads and checks the environment. Empty variables count as absent.
 * @throws ConfigError naming every variable that is missing or malformed, never its value.
 */
export function readConfig(env: Record<string, string | undefined>, roles: readonly string[] = []): Config {
  const values: Record<string, unknown> = {}
  const wrong: string[] = []
  for (const [name, [rule, purpose, example]] of Object.entries(variables)) {
    const parsed = rule.safeParse(env[name]?.trim() || undefined)
    if (parsed.success) values[name] = parsed.data
    else
      wrong.push(
        complaint(
          name,
          env[name] ? `is not valid: ${parsed.error.issues[0]?.message}` : 'is missing',
          purpose,
          example,
        ),
      )
  }
  for (const name of neededBy(roles, values.SLACK_MODE as string)) {
    const [, purpose, example] = variables[name]
    if (values[name] === undefined && !wrong.some((line) => line.startsWith(name)))
      wrong.push(complaint(name, 'is missing', purpose, example))
  }
  if (wrong.length > 0) throw new ConfigError(`The configuration is not complete.\n${wrong.join('\n')}`)
  return arrange(values as Environment)
}

function neededBy(roles: readonly string[], mode: string): (keyof Variables)[] {
  const slack = roles.some((role) => role !== 'verify')
  const bot = roles.includes('bot')
  return [
    ...(slack ? (['SLACK_BOT_TOKEN'] as const) : []),
    ...(bot && mode === 'socket' ? (['SLACK_APP_TOKEN'] as const) : []),
    ...(bot && mode === 'http' ? (['SLACK_SIGNING_SECRET'] as const) : []),
  ]
}

const complaint = (name: string, what: string, purpose: string, example: string) =>
  `${name} ${what} (${purpose}). Example: ${name}=${example}`

function arrange(env: Environment) {
  return {
    databaseUrl: env.DATABASE_URL,
    databaseOwnerUrl: env.DATABASE_OWNER_URL,
    databaseReadUrl: env.DATABASE_READ_URL,
    redisUrl: env.REDIS_URL,
    slack: {
      mode: env.SLACK_MODE,
      botToken: env.SLACK_BOT_TOKEN ?? '',
      appToken: env.SLACK_APP_TOKEN ?? '',
      signingSecret: env.SLACK_SIGNING_SECRET ?? '',
      apiUrl: env.SLACK_API_URL,
      history: env.KEYWARDEN_SLACK_HISTORY === 'on',
      burst: env.KEYWARDEN_SLACK_BURST,
    },
    firstWorkspace: env.KEYWARDEN_WORKSPACE,
    firstOwner: env.KEYWARDEN_FIRST_OWNER,
    canaryWorkspace: env.KEYWARDEN_CANARY_WORKSPACE,
    alertChannel: env.KEYWARDEN_ALERT_CHANNEL.replace(/^#/, ''),
    timeZone: env.KEYWARDEN_TIME_ZONE,
    tokenPrefix: env.KEYWARDEN_TOKEN_PREFIX,
    audit: arrangeAudit(env),
    secretKeys: env.KEYWARDEN_SECRET_KEYS,
    usageDays: env.KEYWARDEN_USAGE_DAYS,
    sink: env.KEYWARDEN_USAGE_SINK
      ? { url: env.KEYWARDEN_USAGE_SINK, token: env.KEYWARDEN_USAGE_SINK_TOKEN }
      : undefined,
    verify: {
      leaseMs: env.KEYWARDEN_LEASE,
      cachedKeys: env.KEYWARDEN_CACHED_KEYS,
      trustedProxies: env.KEYWARDEN_TRUSTED_PROXIES,
      routesFile: env.KEYWARDEN_ROUTES_FILE,
      unclearPaths: env.KEYWARDEN_UNCLEAR_PATHS,
      analyticsExports: env.KEYWARDEN_ANALYTICS_EXPORTS,
      maxReads: 5_000,
    },
    http: {
      host: env.KEYWARDEN_HTTP_HOST,
      port: env.KEYWARDEN_HTTP_PORT,
      operationsPort: env.KEYWARDEN_OPERATIONS_PORT,
      operationsToken: env.KEYWARDEN_OPERATIONS_TOKEN,
      drainMs: env.KEYWARDEN_DRAIN,
    },
    traces: env.KEYWARDEN_TRACES
      ? { url: env.KEYWARDEN_TRACES, share: env.KEYWARDEN_TRACES_SHARE }
      : undefined,
    logLevel: env.KEYWARDEN_LOG_LEVEL,
  }
}

/** Where checkpoints of the audit go and what signs them; `checkpoints` is absent when none are kept. */
function arrangeAudit(env: Environment) {
  const checkpoints = env.KEYWARDEN_AUDIT_CHECKPOINTS
  const beside = checkpoints && join(dirname(checkpoints), 'audit-key.pem')
  return { checkpoints, key: env.KEYWARDEN_AUDIT_KEY, keyFile: env.KEYWARDEN_AUDIT_KEY_FILE ?? beside }
}

/** In their normal form; `*` and every address would believe everybody. */
function readNetworkList(text: string, context: z.RefinementCtx): string[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .flatMap((word) => {
      const read = readNetwork(word)
      if ('network' in read) return [read.network]
      context.addIssue({ code: 'custom', message: `${word.slice(0, 60)} ${read.wrong}` })
      return []
    })
}
