import { lacks, type Scene, type Step, same } from './step.ts'

/** A token exists while it is shown, and nowhere else. */
export const secrecy: readonly Step[] = [
  { promises: "no person's screen holds a token", walk: screensAreClean },
  { promises: 'no line of the log holds a token', walk: logIsClean },
  { promises: 'no row of the database holds a token', walk: databaseIsClean },
]

const secretsOf = ({ demo, tokens }: Scene): string[] => [
  ...tokens.values(),
  ...demo.clients.map(({ token }) => token),
  demo.house.serviceToken,
]

async function screensAreClean(scene: Scene): Promise<void> {
  const { url } = scene.demo.house.slack
  const people = (await (await fetch(`${url}/person`)).json()) as { id: string; kind: string; name: string }[]
  for (const person of people.filter(({ kind }) => kind !== 'bot')) {
    const screen = await (await fetch(`${url}/person/${person.id}/screen`)).text()
    for (const secret of secretsOf(scene)) lacks(`the screen of ${person.name}`, screen, secret)
  }
}

async function logIsClean(scene: Scene): Promise<void> {
  const log = scene.logged.join('')
  same('the log says that Keywarden came up:', log.includes('keywarden is up'), true)
  for (const secret of secretsOf(scene)) lacks('the log', log, secret)
}

async function databaseIsClean(scene: Scene): Promise<void> {
  const { db } = scene.demo.house.world
  const { rows } = await db.raw(`select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`)
  same(
    'there is a table of keys:',
    rows.some(({ name }: { name: string }) => name === 'keys'),
    true,
  )
  for (const { name } of rows as { name: string }[]) {
    const found = await db.raw(
      `select 1 from ?? as r where exists (select 1 from unnest(?::text[]) s where position(s in r::text) > 0)`,
      [name, secretsOf(scene)],
    )
    same(`rows of ${name} that hold a token:`, found.rows.length, 0)
  }
}
