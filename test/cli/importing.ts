import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSlack } from 'local-slack'
import { openCalendar } from '../../sandbox/calendar.ts'
import { type Asking, openAsking } from '../setup/asking.ts'
import { type Ran, shell } from '../setup/shell.ts'

/** A verifier, a local Slack, and the shell that imports files of keys into what they know. */
export type Importing = {
  asking: Asking
  env: Record<string, string>
  /** writes the file and gives its path */
  file(text: string | Buffer): Promise<string>
  run(text: string | Buffer, ...args: string[]): Promise<Ran>
  count(): Promise<number>
  drop(): Promise<void>
}

export async function openImporting(): Promise<Importing> {
  const asking = await openAsking()
  const { database, world } = asking.records
  const manifest = new URL('../../manifest.yml', import.meta.url).pathname
  const slack = await startSlack({ clock: openCalendar(), manifest, page: false, port: 0 })
  const folder = await mkdtemp(join(tmpdir(), 'keywarden-import-'))
  const env = { DATABASE_URL: database.url, SLACK_BOT_TOKEN: slack.botToken, SLACK_API_URL: slack.apiUrl }
  async function file(text: string | Buffer) {
    const path = join(folder, 'keys')
    await writeFile(path, text)
    return path
  }
  return {
    asking,
    env,
    file,
    run: async (text, ...args) => shell(['keys', 'import', await file(text), ...args], env),
    count: async () => Number((await world.db('keys').count({ total: '*' }))[0]!.total),
    drop: async () =>
      void (await Promise.all([asking.drop(), slack.close(), rm(folder, { recursive: true })])),
  }
}

/** The report on a line of the file, with single spaces. */
export const lineOf = (ran: Ran, line: number): string[] =>
  ran.out
    .split('\n')
    .filter((text) => text.startsWith(`line ${line} `))
    .map((text) => text.replace(/ +/g, ' '))

export const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex')

export const header = 'sha256,hint,name,scopes,owner,expires'

/** A day that policy lets a key live to. */
export const soon = new Date(Date.now() + 200 * 86_400_000).toISOString().slice(0, 10)

/** A line that is right in every field. */
export const good = (i: number, more: Record<string, string> = {}): Record<string, string> => ({
  sha256: sha256(`good-${i}`),
  hint: 'good',
  name: `Good ${i}`,
  scopes: 'read',
  owner: 'U0ADA00001',
  expires: '',
  ...more,
})

export const asLines = (objects: readonly object[]): string =>
  objects.map((object) => JSON.stringify(object)).join('\n')
