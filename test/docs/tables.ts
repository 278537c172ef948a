import { graceSeconds, retrySeconds } from '../../jobs/engine/watchdog.ts'
import { timetable } from '../../jobs/timetable.ts'
import { type Environment, variables } from '../../src/foundation/config.ts'
import { actions } from '../../src/policy/may.ts'
import { commands } from '../../src/slack/routes.ts'

/** What the code knows better than a page of ours, by the comment that opens it. */
export const tables = {
  commands: { page: 'README.md', make: commandTable },
  configuration: { page: 'README.md', make: configurationTable },
  timetable: { page: 'docs/alerts.md', make: timetableTable },
}

const whoMay = {
  own: 'everyone; members for their own keys',
  member: 'everyone',
  manager: 'managers, owners',
  owner: 'owners',
} as const

function commandTable(): string {
  const rows = commands
    .filter(({ verb }) => verb !== '')
    .map(({ needs, help: [usage, meaning] }) => [
      code(`/keys ${usage}`),
      meaning,
      needs ? whoMay[actions[needs]] : 'everyone',
    ])
  return table(['command', 'what it is for', 'who may'], rows)
}

function configurationTable(): string {
  const rows = Object.entries(variables).map(([name, [rule, purpose, example]]) => [
    code(name),
    purpose,
    defaultOf(rule, example),
    code(example),
  ])
  return table(['variable', 'what it is for', 'default', 'example'], rows)
}

function timetableTable(): string {
  const rows = timetable.map((job) => [
    code(job.name),
    code(job.cron),
    ...[job.lateSeconds, graceSeconds, retrySeconds(job)].map((seconds) => `${seconds} s`),
  ])
  return table(
    ['job', 'schedule, UTC', 'may be late', 'the watchdog runs it', 'a failed run is tried again'],
    rows,
  )
}

type Rule = (typeof variables)[keyof Environment][0]

/** As it would be written in the environment, which for some is not what the program makes of it. */
function defaultOf(rule: Rule, example: string): string {
  const absent = rule.safeParse(undefined)
  if (!absent.success) return '**required**'
  if (absent.data === undefined) return ''
  const isExample = JSON.stringify(rule.safeParse(example).data) === JSON.stringify(absent.data)
  return code(isExample ? example : [absent.data].flat().join(', '))
}

const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
