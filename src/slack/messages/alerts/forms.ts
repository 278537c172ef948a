import type { ModalView } from '@slack/types'
import { snoozeDays } from '../../../findings/actions.ts'
import type { AboutFinding } from '../../../findings/store.ts'
import { say } from '../../../foundation/words.ts'
import { form, input, option, select, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'

export function snoozeForm(workspaceId: string, finding: AboutFinding): ModalView {
  const until = finding.endsAt
    ? say` The key expires on ${{ moment: finding.endsAt }}; the snooze ends by then.`
    : ''
  const choices = snoozeDays.map((days) => option(count(days, 'day'), String(days)))
  return form('Snooze alert', 'Snooze', 'alert.snooze', ref(workspaceId, finding.id), [
    sentenceBlock(
      say`Snooze ${{ name: finding.keyName }} until the time below, or until it gets worse.${until}`,
    ),
    input('days', 'For', select(choices, String(snoozeDays[1]))),
    input('reason', 'Reason', textInput({ max_length: 200 }), {
      hint: 'Shown in the alert.',
    }),
  ])
}

export const assignForm = (workspaceId: string, finding: AboutFinding): ModalView =>
  form('Assign alert', 'Assign', 'alert.assign', ref(workspaceId, finding.id), [
    sentenceBlock(
      say`Assign ${{ name: finding.keyName }} to the person below. They are notified now and of every change.`,
    ),
    input('to', 'Person', { type: 'users_select' }),
  ])
