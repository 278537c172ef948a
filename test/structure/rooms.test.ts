import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { rankOf } from './ranks.ts'
import { ownersOf, readSchema } from './tables.ts'

const folders = Object.keys(rankOf)
  .filter((room) => room !== 'main')
  .map((room) => [room, room === 'jobs' ? 'jobs/' : `src/${room}/`] as const)
const root = new URL('../../', import.meta.url)
const owners = ownersOf(readSchema())

test.each(folders)(
  'the room %s says its purpose, tables, entry points and what it must not',
  (room, folder) => {
    const lines = readFileSync(new URL(`${folder}README.md`, root), 'utf8')
      .trim()
      .split('\n')
    const [title, , purpose = '', tables = '', entries = '', limits = '', ...more] = lines
    expect(more).toEqual([])
    expect(title).toBe(`# ${room}`)
    expect(purpose).toMatch(/^- \*\*Purpose\*\*: .{20}/)
    expect(limits).toMatch(/^- \*\*Must not\*\* .{10}/)
    const owned = [...owners].filter(([, owner]) => owner === room).map(([table]) => table)
    expect(tables).toBe(
      `- **Tables**: ${
        owned
          .sort()
          .map((table) => `\`${table}\``)
          .join(', ') || 'none'
      }`,
    )
    const files = [...entries.matchAll(/`([\w./-]+(?:\.ts|\/))`/g)].map(([, file]) => file!)
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) expect(existsSync(new URL(`${folder}${file}`, root)), file).toBe(true)
  },
)
