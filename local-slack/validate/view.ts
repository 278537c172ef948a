import { z } from 'zod'
import { flattened, withIds } from '../controls.ts'
import { type Fields, isFields, listAt } from '../fields.ts'
import { invalid, Refusal } from '../refusal.ts'
import { problemsAcross } from './across.ts'
import { blocksOn } from './blocks.ts'
import { problems } from './problems.ts'
import { plainText } from './texts.ts'

const largestView = 250_000

const common = {
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
}

const modal = z.strictObject({
  type: z.literal('modal'),
  title: plainText(24),
  submit: plainText(24).optional(),
  close: plainText(24).optional(),
  blocks: blocksOn.modal,
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
  ...common,
})

const home = z.strictObject({ type: z.literal('home'), blocks: blocksOn.home, ...common })

function parsedView(value: unknown): Fields {
  let view = value
  if (typeof value === 'string') {
    try {
      view = JSON.parse(value)
    } catch {
      throw invalid('invalid_arguments', ['must be valid JSON [json-pointer:/view]'])
    }
  }
  if (!isFields(view)) throw invalid('invalid_arguments', ['missing required field: view [json-pointer:]'])
  return view
}

/** A view as Slack would take it, ids filled in; refuses with `invalid_arguments` or `view_too_large`. */
export function validView(value: unknown, type: 'modal' | 'home'): Fields {
  const view = parsedView(value)
  if (JSON.stringify(view).length > largestView) throw new Refusal('view_too_large')
  const found =
    view.type === type ? problems(type === 'modal' ? modal : home, view, '/view') : wrongType(view)
  const blocks = listAt(view, 'blocks')
  const all =
    found.length > 0 ? found : [...problemsAcross(blocks, type, '/view/blocks'), ...lacksSubmit(view)]
  if (all.length > 0) throw invalid('invalid_arguments', all)
  return { ...view, blocks: withIds(blocks) }
}

function wrongType(view: Fields): string[] {
  return view.type === undefined
    ? ['missing required field: type [json-pointer:/view]']
    : [`unsupported type: ${String(view.type)} [json-pointer:/view/type]`]
}

function lacksSubmit(view: Fields): string[] {
  const hasInput = flattened(listAt(view, 'blocks')).some((block) => block.type === 'input')
  return view.type === 'modal' && hasInput && view.submit === undefined
    ? ['`submit` is required when an input block is within the `blocks` array [json-pointer:/view]']
    : []
}
