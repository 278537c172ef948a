import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { findKey, findKeyById } from '../../keys/find.ts'
import { pastedWords } from '../../keys/pasted.ts'
import { hashToken } from '../../keys/token.ts'
import { isByPolicy, readLeakStates } from '../../leaks/act.ts'
import { type Reported, takeReport } from '../../leaks/report.ts'
import { whereOf } from '../../leaks/where.ts'
import { confirmChange } from '../../leases/confirm.ts'
import { authorise } from '../../policy/authorise.ts'
import { notice, plainSection } from '../blocks.ts'
import { type OnCommand, type OnSubmit, type SubmitInteraction, textIn } from '../interaction.ts'
import { leakedForm, leakReportedView } from '../messages/keys/leaked.ts'
import { performFor, requestOf } from '../perform-for.ts'
import { viewer } from './pick.ts'

/** `/keys leaked` */
export const openLeaked: OnCommand = (interaction) =>
  interaction.show(leakedForm(interaction.caller.workspace))

const maxHints = 20
/** Real milliseconds that the dialog waits for the receipt. */
const receiptMs = 10_000

export const submitLeaked: OnSubmit = async (interaction) => {
  const pasted = pastedWords(textIn(interaction.values, 'tokens'), interaction.bot.world.config.tokenPrefix)
  if (pasted.length === 0) return interaction.complain({ tokens: 'Paste a key or a hint.' })
  await interaction.work(notice('Report a leak', [plainSection('Looking...')]))
  const found = await orDatabaseOut(() => readReported(interaction, pasted))
  if (isRefusal(found)) return found
  const { workspace, actor } = interaction.caller
  const { world } = interaction.bot
  const report = {
    ...{ accountId: workspace.accountId, evidence: 'person' as const, reporter: actor.id },
    ...{ reference: requestOf(interaction, 'leak'), found },
  }
  const taken = await performFor(
    interaction,
    async (act) =>
      (await authorise(act, 'leak.report', { workspaceId: workspace.id })) ??
      takeReport(act, report, world.random),
    'leak',
  )
  if (isRefusal(taken)) return taken
  await interaction.bot.actOnLeaks()
  const shown = await orDatabaseOut(() => readShown(interaction, taken))
  if (isRefusal(shown)) return shown
  const ended = shown.filter(({ state }) => isByPolicy(state)).map(({ id }) => id)
  const receipt =
    ended.length > 0 ? await confirmChange(world, ended, { withinMs: receiptMs, to: 'inactive' }) : undefined
  await interaction.show(leakReportedView(shown, pasted.length - shown.length, receipt))
}

/** Each word is looked up as a whole token; the first few also as a hint of a key that this person may see. */
async function readReported(interaction: SubmitInteraction, pasted: readonly string[]): Promise<Reported[]> {
  const { db, config } = interaction.bot.world
  const typed = textIn(interaction.values, 'where')
  const where = pasted.reduce((text, word) => (isLong(word) ? text.replaceAll(word, '...') : text), typed)
  const tokens = pasted.map((word) => ({
    hash: hashToken(word),
    where: whereOf(where, '', config.tokenPrefix),
  }))
  const hints = pasted.filter((word) => !isLong(word)).slice(0, maxHints)
  const named = await Promise.all(
    hints.map((hint) => findKey(db, viewer(interaction), hint, config.tokenPrefix)),
  )
  const keys = named.flatMap((one) => (one.match === 'one' ? [one.key] : []))
  return [...tokens, ...keys.map(({ id }) => ({ keyId: id, where: tokens[0]!.where }))]
}

const isLong = (word: string) => word.length >= 20

async function readShown(interaction: SubmitInteraction, taken: readonly { id: string }[]) {
  const { db } = interaction.bot.world
  const states = await readLeakStates(
    db,
    taken.map(({ id }) => id),
  )
  const keys = await Promise.all(taken.map(({ id }) => findKeyById(db, viewer(interaction), id)))
  return keys.flatMap((key) =>
    key ? [{ id: key.id, name: key.name, hint: key.hint ?? '', state: states.get(key.id)!.state }] : [],
  )
}
