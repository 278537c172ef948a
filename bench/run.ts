import { against } from './against.ts'

/**
 * `npm run bench:NAME [-- --against REV] [-- --rounds N]`: runs a benchmark, or compares this state with another revision.
 */
const [name = '', ...rest] = process.argv.slice(2)
const option = (wanted: string): string | undefined => {
  const at = rest.indexOf(wanted)
  return at < 0 ? undefined : rest[at + 1]
}
const revision = option('--against')
if (revision) process.exitCode = (await against(name, revision, Number(option('--rounds') ?? 3))) ? 0 : 1
else {
  process.argv.splice(2, 1)
  await import(`./${name}.ts`)
}
