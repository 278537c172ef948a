import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type Fields, fieldsAt, isFields, listAt } from './fields.ts'

/** The rights that an app's manifest gives it; `undefined` means that no manifest was given and nothing is held back. */
export type Manifest = {
  name?: string
  commands?: Map<string, { shouldEscape: boolean }>
  botScopes?: string[]
  events?: string[]
  hasHome: boolean
  /** people read what the app sends them, and cannot write to it */
  isReadOnly: boolean
  steps: Fields
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

/** Reads a manifest.yml (or JSON, which is YAML). */
export function readManifest(path: string | undefined): Manifest {
  if (path === undefined) return { hasHome: true, isReadOnly: false, steps: {} }
  const manifest: unknown = parse(readFileSync(path, 'utf8'))
  if (!isFields(manifest)) throw new Error(`${path} is not an app manifest`)
  const features = fieldsAt(manifest, 'features')
  const settings = fieldsAt(manifest, 'settings')
  return {
    name: String(fieldsAt(manifest, 'display_information').name ?? 'App'),
    commands: new Map(
      listAt(features, 'slash_commands').map((one) => [
        String(one.command),
        { shouldEscape: one.should_escape === true },
      ]),
    ),
    botScopes: strings(fieldsAt(fieldsAt(manifest, 'oauth_config'), 'scopes').bot),
    events: strings(fieldsAt(settings, 'event_subscriptions').bot_events),
    hasHome: fieldsAt(features, 'app_home').home_tab_enabled === true,
    isReadOnly: fieldsAt(features, 'app_home').messages_tab_read_only_enabled === true,
    steps: fieldsAt(manifest, 'functions'),
  }
}
