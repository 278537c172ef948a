import type { ModalView } from '@slack/types'
import { say } from '../../../foundation/words.ts'
import { isLost, type Receipt } from '../../../leases/receipt.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { actions, button, form, input, type Message, message, notice, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'

/** The confirmation of the emergency stop: the workspace's name has to be typed. */
export const suspendForm = (workspace: Workspace, activeKeys: number, countedUpTo: number): ModalView =>
  form(
    'Suspend workspace',
    'Suspend workspace',
    'workspace.suspend',
    ref(workspace.id, 'suspend'),
    [
      sentenceBlock(
        say`The emergency stop: ${activeKeys > countedUpTo ? `more than ${count(countedUpTo, 'active key')}` : count(activeKeys, 'active key')} of ${{ name: workspace.name }} will be refused at once, until you resume it. No key changes.`,
      ),
      input(
        'confirm',
        'Type the name of the workspace to suspend it',
        textInput({ focus_on_load: true, hintText: workspace.name.slice(0, 150) }),
      ),
      input('reason', 'Reason', textInput({ max_length: 300 }), {
        optional: true,
        hint: 'Recorded in the audit log.',
      }),
    ],
    'Keep it running',
  )

/** The result, with its receipt and the way back; of a change that is lost nothing but that. */
export function suspendedView(workspace: Workspace, receipt: Receipt): ModalView {
  if (isLost(receipt)) return notice('Suspend workspace', [sentenceBlock(receiptPhrase(receipt, 'rule'))])
  const isDone = receipt.state === 'confirmed'
  const name = { name: workspace.name }
  return notice(isDone ? 'Workspace suspended' : 'Suspending workspace', [
    sentenceBlock(
      say`${isDone ? say`Suspended ${name}: all its keys are refused until you resume it.` : say`Suspending ${name}, until you resume it.`} ${receiptPhrase(receipt, 'rule')}`,
    ),
    actions(
      button('Resume workspace', 'go.resume.suspended', ref(workspace.id, 'resume'), {
        label: `Resume ${workspace.name}`,
      }),
    ),
  ])
}

export const resumedMessage = (workspace: Workspace, receipt: Receipt): Message =>
  message(
    isLost(receipt)
      ? receiptPhrase(receipt, 'rule')
      : say`Resumed ${{ name: workspace.name }}: its keys are as they were. ${receiptPhrase(receipt, 'rule')}`,
  )
