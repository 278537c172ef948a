import type { ViewOutput } from '@slack/bolt'
import type { ActionsBlock, InputBlock, KnownBlock, ModalView } from '@slack/types'
import { type Refusal, sentence } from '../../foundation/refusal.ts'
import { plain } from '../../foundation/words.ts'
import { actions, button, type Message, message, notice, plainSection } from '../blocks.ts'
import { sentenceBlock } from '../phrase.ts'
import { ref } from '../ref.ts'

/** A refusal of a command or click: the reason, then what to do or whom to ask. */
export const refusalMessage = (refusal: Refusal): Message =>
  message(sentence(refusal), ...nextStepButtons(refusal))

/** A refusal that replaces the dialog. */
export const refusalView = (title: string, refusal: Refusal): ModalView =>
  notice(title, [
    sentenceBlock(refusal.message),
    ...(refusal.next ? [sentenceBlock(refusal.next)] : []),
    ...nextStepButtons(refusal),
  ])

/** A button for the next step, where there is one. */
function nextStepButtons({ code, logged }: Refusal): ActionsBlock[] {
  const run = (text: string, verb: string) => [actions(button(text, `go.${verb}.refused`, ref('', verb)))]
  if (code === 'forbidden' && logged?.action === 'key.issue') return run('Request a key', 'request')
  if (code === 'not_found' && logged && 'keyId' in logged) return run('List keys', 'list')
  return []
}

/** Refusals as field errors: plain text, one per field. */
export const fieldErrors = (refusals: readonly Refusal[]): Record<string, string> =>
  Object.fromEntries(refusals.map((refusal) => [refusal.field ?? 'name', plain(sentence(refusal))]))

type Submitted = Pick<ViewOutput, 'blocks' | 'state' | 'title' | 'private_metadata' | 'callback_id'> & {
  submit: ViewOutput['submit']
  close: ViewOutput['close']
}
type State = ViewOutput['state']['values'][string][string]

const errorsId = 'errors'

/** A submitted form as it was, with what was typed and chosen in it, and with errors by field on top. */
export function keptForm(view: Submitted, errors: Record<string, string>): ModalView {
  const blocks = (view.blocks as KnownBlock[]).filter((block) => block.block_id !== errorsId)
  const label = (field: string) =>
    blocks.flatMap((block) =>
      block.type === 'input' && block.block_id === field ? [block.label.text] : [],
    )[0]
  const lines = Object.entries(errors).map(([field, error]) =>
    [label(field), error].filter(Boolean).join(': '),
  )
  return {
    type: 'modal',
    callback_id: view.callback_id,
    private_metadata: view.private_metadata,
    title: view.title,
    ...(view.submit ? { submit: view.submit } : {}),
    ...(view.close ? { close: view.close } : {}),
    blocks: [
      plainSection(`⚠️ ${lines.join('\n')}`, { block_id: errorsId }),
      ...blocks.map((block) => filled(block, view.state.values)),
    ],
  }
}

/** The input with the value of its state as its initial value. */
function filled(block: KnownBlock, values: ViewOutput['state']['values']): KnownBlock {
  const state = block.type === 'input' && Object.values(values[block.block_id ?? ''] ?? {})[0]
  if (!state) return block
  const initial = Object.entries(initialOf(state, optionsOf(block))).filter(([, value]) => value)
  const kept = Object.entries(block.element).filter(([name]) => !name.startsWith('initial_'))
  return { ...block, element: Object.fromEntries([...kept, ...initial]) } as KnownBlock
}

type Choice = { value?: string }

const optionsOf = ({ element }: InputBlock): readonly Choice[] =>
  'options' in element && element.options ? element.options : []

/** Options are the form's own, found by value: those of a submission may be written in another way. */
function initialOf(state: State, options: readonly Choice[]) {
  const chosen = (wanted: readonly Choice[]) =>
    options.filter(({ value }) => wanted.some((one) => one.value === value))
  const several = chosen(state.selected_options ?? [])
  return {
    initial_value: state.value,
    initial_option: chosen(state.selected_option ? [state.selected_option] : [])[0],
    initial_options: several.length > 0 ? several : undefined,
    initial_user: state.selected_user,
    initial_conversation: state.selected_conversation,
    initial_time: state.selected_time,
    initial_date: state.selected_date,
  }
}
