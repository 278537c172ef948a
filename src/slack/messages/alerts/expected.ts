import type { KnownBlock, ModalView } from '@slack/types'
import { type MonthlyWindow, timeOf } from '../../../anomaly/calendar.ts'
import type { Reason } from '../../../anomaly/detector/reason.ts'
import type { Expectation } from '../../../anomaly/expectations.ts'
import type { AboutFinding } from '../../../findings/store.ts'
import { type Phrase, say, who } from '../../../foundation/words.ts'
import type { Key } from '../../../keys/key.ts'
import { isLost, type Receipt } from '../../../leases/receipt.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import {
  actions,
  button,
  form,
  header,
  input,
  type Message,
  message,
  option,
  select,
  textInput,
} from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { activateAgain } from '../keys/change.ts'

/** Reasons that a declared job cannot explain: a job makes requests, and causes neither errors nor a fall or silence. */
const notOfAJob = new Set<Reason>(['errors', 'silence', 'fall', 'new-network', 'person', 'probing'])

/** The form for expected use. The monthly window starts as the time of this alert, and can be changed. */
export function expectedForm(
  workspace: Workspace,
  finding: AboutFinding,
  reason: Reason,
  window: MonthlyWindow,
): ModalView {
  const monthly = notOfAJob.has(reason)
    ? []
    : [option(`every month on day ${window.dayOfMonth}`, 'monthly', 'A job of ours. Set its hours below.')]
  const choices = [
    option('this once', 'once', 'No new alert while it lasts, for a day at most.'),
    ...monthly,
    option(
      'from now on',
      'new-normal',
      'What was before no longer counts; some days pass until I know what is usual.',
    ),
  ]
  return form('Expected', 'Save', 'alert.expected', ref(workspace.id, finding.id), [
    sentenceBlock(say`Marks this use of ${{ name: finding.keyName }} as expected and closes the alert.`),
    input('expected', 'Expected', select(choices, 'once')),
    ...(monthly.length > 0 ? windowInputs(window, workspace.policy.timeZone) : []),
  ])
}

const windowInputs = (window: MonthlyWindow, timeZone: string): KnownBlock[] => [
  header('If every month'),
  input('day', 'Day of the month', textInput({ initial_value: String(window.dayOfMonth), max_length: 2 }), {
    hint: 'The 31st is the last day of shorter months.',
  }),
  input('from', 'From', { type: 'timepicker', initial_time: timeOf(window.fromMinute) }),
  input(
    'until',
    'Until',
    { type: 'timepicker', initial_time: timeOf(window.untilMinute) },
    {
      hint: `Times are in ${timeZone}. A time before From is on the next day.`,
    },
  ),
]

/** The reply to the click: the receipt, and the button that activates the key again; of a lost change only that it is. */
export const quarantinedMessage = (key: Key, receipt: Receipt): Message =>
  isLost(receipt)
    ? message(receiptPhrase(receipt))
    : message(
        say`${{ name: key.name }} is in quarantine. ${receiptPhrase(receipt)}`,
        actions(activateAgain(key)),
      )

/** A dialog holds a hundred blocks; a key rarely has this many expectations. */
const maxListed = 10

/** The expectations of a key, one per line; with [Remove] for those who may remove them. */
export function expectationBlocks(
  key: { workspaceId: string; name: string },
  expectations: readonly Expectation[],
  mayForget: boolean,
): KnownBlock[] {
  return expectations.slice(0, maxListed).flatMap((one, i): KnownBlock[] => [
    sentenceBlock(expectationWords(one)),
    ...(mayForget
      ? [
          actions(
            button('No longer expected', `expected.forget.${i}`, ref(key.workspaceId, one.id), {
              label: `No longer expected of ${key.name}`,
            }),
          ),
        ]
      : []),
  ])
}

function expectationWords(one: Expectation): Phrase {
  const by = say`, marked by ${who(one.declaredBy)} on ${{ moment: one.declaredAt }}.`
  if (one.kind === 'once') return say`Expected until ${{ moment: one.until }}${by}`
  if (one.kind === 'new-normal') return say`Its behaviour since ${{ moment: one.from }} is now expected${by}`
  const { dayOfMonth, fromMinute, untilMinute } = one.window
  const hours = fromMinute === untilMinute ? 'all day' : `${timeOf(fromMinute)} to ${timeOf(untilMinute)}`
  return say`Expected every month on day ${dayOfMonth}, ${hours}${by}`
}
