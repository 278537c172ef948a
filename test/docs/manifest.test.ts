import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { historyScopes } from '../../src/foundation/slack.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

const text = (max: number, min = 1) => z.string().min(min).max(max)
const words = (max: number) => z.array(text(50)).max(max)
const parameters = z.record(
  z.string(),
  z.strictObject({
    type: z.enum(['string', 'number', 'slack#/types/user_id']),
    name: z.string(),
    title: z.string(),
    description: z.string(),
    hint: z.string().optional(),
    is_required: z.boolean(),
  }),
)

/**
 * The fields that are used, with the names, lengths and kinds that Slack documents.
 * https://docs.slack.dev/reference/app-manifest, https://github.com/slackapi/manifest-schema
 */
const manifest = z.strictObject({
  display_information: z.strictObject({
    name: text(35),
    description: text(140),
    background_color: z.string().regex(/^#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?$/),
    long_description: text(4_000, 175),
  }),
  features: z.strictObject({
    app_home: z.strictObject({
      home_tab_enabled: z.boolean(),
      messages_tab_enabled: z.boolean(),
      messages_tab_read_only_enabled: z.boolean(),
    }),
    bot_user: z.strictObject({ display_name: text(80), always_online: z.boolean() }),
    slash_commands: z
      .array(
        z.strictObject({
          command: text(32, 2).startsWith('/'),
          description: text(2_000),
          usage_hint: text(1_000),
          should_escape: z.boolean(),
        }),
      )
      .max(50),
  }),
  oauth_config: z.strictObject({ scopes: z.strictObject({ bot: words(255) }) }),
  settings: z.strictObject({
    event_subscriptions: z.strictObject({ bot_events: words(100) }),
    interactivity: z.strictObject({ is_enabled: z.literal(true) }),
    org_deploy_enabled: z.literal(true),
    function_runtime: z.literal('remote'),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.boolean(),
  }),
  functions: z.record(
    z.string(),
    z.strictObject({
      title: z.string(),
      description: z.string(),
      input_parameters: parameters,
      output_parameters: parameters,
    }),
  ),
})

test('manifest.yml has the fields, lengths and kinds of values that Slack documents, and no others', () => {
  const given = parse(read('manifest.yml'))
  expect(manifest.safeParse(given).error).toBeUndefined()
  for (const { input_parameters, output_parameters } of Object.values(manifest.parse(given).functions))
    for (const [name, parameter] of Object.entries({ ...input_parameters, ...output_parameters }))
      expect(parameter.name).toBe(name)
})

const scopes = () => manifest.parse(parse(read('manifest.yml'))).oauth_config.scopes.bot

test('each scope of manifest.yml has its reason in docs/slack.md, and no row outlives its scope', () => {
  const [, table = ''] = /<!-- scopes -->\n([\s\S]*)<!-- end of scopes -->/.exec(read('docs/slack.md')) ?? []
  const rows = table.split('\n').slice(2, -1)
  const explained = rows.map(
    (row) => /^\| `([a-z:.]+)` \| ([^|]{5,}) \| ([^|]{5,}) \|$/.exec(row)?.[1] ?? row,
  )
  expect(explained.toSorted()).toEqual(scopes().toSorted())
})

test('manifest.yml marks the scopes that are left out when the history is not searched', () => {
  const marked = [...read('manifest.yml').matchAll(/^ +- (\S+) # history$/gm)].map(([, scope]) => scope)
  expect(marked.toSorted()).toEqual(historyScopes.toSorted())
  expect(scopes()).toEqual(expect.arrayContaining(historyScopes))
})
