import { join, type Phrase, say, who } from '../../../foundation/words.ts'
import type { OwnerNamed } from '../../../offboarding/owner-named.ts'
import { actions, button, cut, type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { sourceWords, sums } from './progress.ts'

/** Asks an owner whether another owner, whom a system named, leaves; later, what was decided. */
export function ownerNamedMessage(named: OwnerNamed): Message {
  const { workspace, outcome, hasOthers } = named
  const leaver = { user: named.leaver }
  const place = { name: cut(workspace.name, 60) }
  const sources = join(
    named.sources.map((one) => [sourceWords[one]]),
    ', ',
  )
  if (outcome !== 'waits') return message(decided(named))
  const asked = say`${leaver}, an owner of ${place}, is named as leaving, through ${sources}. ${ofKeys(named)} Their role stays until an owner decides.`
  if (!hasOthers)
    return message(
      asked,
      sentenceBlock(
        say`Nobody else owns ${place}. If they leave, an operator ends their role: ${{ code: `keywarden offboard ${named.leaver}` }}.`,
      ),
    )
  return message(asked, actions(...buttons(named)))
}

const ofKeys = ({ keys }: OwnerNamed): Phrase =>
  !keys
    ? say`Their keys are being dealt with.`
    : keys.all === 0
      ? say`They have no key.`
      : say`Their keys: ${sums(keys)}`

function decided({ leaver, workspace, outcome, by, at }: OwnerNamed): Phrase {
  const person = { user: leaver }
  const place = { name: cut(workspace.name, 60) }
  if (outcome === 'undone') return say`The offboarding of ${person} was undone on ${{ moment: at }}.`
  if (outcome === 'returned') return say`${person} came back on ${{ moment: at }}.`
  const role = say`Their role in ${place} ${outcome === 'role-ended' ? 'has ended' : 'is ending'}.`
  return by
    ? say`${who(by)} offboarded ${person} on ${{ moment: at }}. ${role}`
    : say`${person} was offboarded. ${role}`
}

function buttons({ offboardingId, leaver, workspace, isHome }: OwnerNamed) {
  const offboard = button('Offboard…', 'offboard.open', ref(workspace.id, leaver), {
    label: 'Offboard them: the preview opens',
  })
  if (!isHome) return [offboard]
  return [
    offboard,
    button('Not so', 'offboard.undo', ref(workspace.id, offboardingId), {
      label: 'They do not leave: undo the offboarding; what comes back is shown first',
    }),
  ]
}
