import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { findKey } from '../../keys/find.ts'
import { listKeys } from '../../keys/list.ts'
import { type Action, may } from '../../policy/may.ts'
import { cut } from '../blocks.ts'
import type { OnCommand } from '../interaction.ts'
import { guessMessage } from '../messages/home/help.ts'
import { listMessage } from '../messages/keys/list.ts'
import { viewer } from './pick.ts'

type Verb = { verb: string; needs?: Action }

/** Words that people use for a verb of ours. */
const synonyms: Record<string, string> = {
  remove: 'revoke',
  destroy: 'revoke',
  kill: 'revoke',
  pause: 'deactivate',
  disable: 'deactivate',
  stop: 'deactivate',
  enable: 'activate',
  unpause: 'activate',
  new: 'create',
  add: 'create',
  make: 'create',
  generate: 'create',
  ask: 'request',
  status: 'show',
  info: 'show',
  get: 'show',
  find: 'list',
  search: 'list',
  ls: 'list',
  stats: 'usage',
  renew: 'rotate',
  replace: 'rotate',
  history: 'audit',
  log: 'audit',
  settings: 'policy',
  rules: 'policy',
  role: 'roles',
  leaver: 'offboard',
}

/**
 * Answers a verb that there is not: with a button for the one that was probably meant, else with the keys that the
 * words find. It never acts.
 */
export const guessed =
  (typed: string, commands: readonly Verb[]): OnCommand =>
  async (interaction) => {
    const { caller, bot } = interaction
    const { db, clock, config } = bot.world
    const subject = { workspaceId: caller.workspace.id }
    const allowed = commands.filter(
      ({ verb, needs }) => verb && (!needs || may(caller.actor, needs, subject)),
    )
    const verb = nearestVerb(
      typed,
      allowed.map((one) => one.verb),
    )
    const text = cut(`${typed} ${interaction.words}`.trim(), 100)
    const read = await orDatabaseOut(async () => {
      const found =
        verb && interaction.words
          ? await findKey(db, viewer(interaction), interaction.words, config.tokenPrefix)
          : undefined
      const now = clock.now()
      const page = verb
        ? undefined
        : await listKeys(db, viewer(interaction), { words: text }, { from: 0 }, caller.workspace.policy, now)
      return { key: found?.match === 'one' ? found.key : undefined, page, now }
    })
    if (isRefusal(read)) return read
    if (read.page && read.page.keys.length > 0)
      return interaction.say(listMessage(read.page, { words: text }, caller, read.now))
    await interaction.say(guessMessage(caller.workspace.id, typed, verb, read.key))
  }

/** The verb that was probably meant: a synonym's, else the one with the fewest different characters. Pure. */
function nearestVerb(typed: string, verbs: readonly string[]): string | undefined {
  const meant = synonyms[typed]
  if (meant) return verbs.includes(meant) ? meant : undefined
  const allowed = typed.length < 5 ? 1 : 2
  return verbs
    .map((verb) => ({ verb, distance: distanceBetween(typed, verb) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance)[0]?.verb
}

/** The number of characters to put in, take out or change. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++)
    row = row.reduce<number[]>((next, above, j) => {
      if (j === 0) return [i]
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(above + 1, next[j - 1]! + 1, change))
      return next
    }, [])
  return row[b.length]!
}
