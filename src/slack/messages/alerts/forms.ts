import type { ModalView } from '@slack/types'
import { snoozeDays } from '../../../findings/actions.ts'
import type { AboutFinding } from '../../../findings/store.ts'
import { say } from '../../../foundation/words.ts'
import { form, input, option, select, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'

export function snoozeForm(workspaceId: string, finding: AboutFinding): ModalView {
  const until = finding.endsAt ? say` It ends on ${{ moment: finding.endsAt }}; no snooze lasts longer.` : ''
  const choices = snoozeDays.map((days) => option(count(days, 'day'), String(days)))
  return form('Snooze alert', 'Snooze', 'alert.snooze', ref(workspaceId, finding.id), [
    sentenceBlock(say`${{ name: finding.keyName }}: quiet until then, or until it gets worse.${until}`),
    input('days', 'For', select(choices, String(snoozeDays[1]))),
    input('reason', 'Reason', textInput({ max_length: 200 }), {
      hint: 'The alert shows it to everyone there.',
    }),
  ])
}

export const assignForm = (workspaceId: string, finding: AboutFinding): ModalView =>
  form('Assign alert', 'Assign', 'alert.assign', ref(workspaceId, finding.id), [
    sentenceBlock(
      say`Who looks after ${{ name: finding.keyName }}? They are mentioned now and with each further step.`,
    ),
    input('to', 'Person', { type: 'users_select' }),
  ])
