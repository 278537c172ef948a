import { expectationsOf } from '../../anomaly/expectations.ts'
import { describe } from '../../audit/describe.ts'
import { lastEventsOf, listEvents } from '../../audit/list.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { lineageOf } from '../../keys/lineage.ts'
import { runningRotationOf } from '../../rotation/rotation.ts'
import type { OnCommand } from '../interaction.ts'
import { keyView } from '../messages/keys/show.ts'
import { keyFor } from './pick.ts'

/** How many events of a key's history fit a dialog. */
const max = 8

/** `/keys show KEY` */
export const show: OnCommand = async (interaction) => {
  const key = await keyFor(interaction, 'show')
  if (!key || isRefusal(key)) return key
  const { db, clock } = interaction.bot.world
  const { actor, workspace } = interaction.caller
  const read = await orDatabaseOut(() =>
    Promise.all([
      listEvents(db, { workspaceId: workspace.id, keyId: key.id, limit: max }),
      expectationsOf(db, [key.id]),
      lineageOf(db, key.id),
      runningRotationOf(db, key.id),
      lastEventsOf(db, workspace.id, [key.id], { names: ['key.confirmed-needed'] }),
    ]),
  )
  if (isRefusal(read)) return read
  const [events, expectations, lineage, running, confirmed] = read
  const now = clock.now()
  const expected = (expectations.get(key.id) ?? []).filter((one) => one.kind !== 'once' || one.until > now)
  const history = events.map((event) => say`${{ moment: event.at }}  ${describe(event)}`)
  await interaction.show(
    keyView(key, { history, expected, lineage, running, needed: confirmed.get(key.id) }, actor, now),
  )
}
