import { controlsOf, flattened } from '../controls.ts'
import type { Fields } from '../fields.ts'
import type { Surface } from './elements.ts'
import { tableCharacters } from './tables.ts'

/** The strings under every key `text`, which is what a reader sees. */
function charactersIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + charactersIn(one), 0)
  if (typeof value !== 'object' || value === null) return 0
  return Object.entries(value).reduce(
    (sum, [key, one]) => sum + (key === 'text' && typeof one === 'string' ? one.length : charactersIn(one)),
    0,
  )
}

/** How many characters of text these blocks show. */
export function shownCharacters(blocks: Fields[]): number {
  return charactersIn(blocks)
}

function repeated(values: string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))]
}

function idProblems(blocks: Fields[], root: string): string[] {
  const blockIds = flattened(blocks).flatMap((block) =>
    block.block_id === undefined ? [] : [String(block.block_id)],
  )
  const inBlocks = flattened(blocks).flatMap((block) => {
    const { child_blocks: _children, ...own } = block
    const ids = own.type === 'carousel' ? [] : controlsOf([own]).map((one) => one.actionId)
    return repeated(ids.filter((id) => id !== '')).map(
      (id) => `\`action_id\` "${id}" already exists in this block`,
    )
  })
  return [...repeated(blockIds).map((id) => `\`block_id\` "${id}" already exists`), ...inBlocks].map(
    (problem) => `${problem} [json-pointer:${root}]`,
  )
}

function messageProblems(blocks: Fields[], root: string): string[] {
  const all = flattened(blocks)
  const of = (type: string) => all.filter((block) => block.type === type)
  const tables = [...of('table'), ...of('data_table')]
  const found: string[] = []
  if (of('table').length > 1) found.push('only_one_table_allowed')
  if (of('data_visualization').length > 2) found.push('no more than 2 data_visualization blocks allowed')
  if (charactersIn(tables) > tableCharacters)
    found.push(`tables must be less than ${tableCharacters + 1} characters`)
  if (charactersIn(of('markdown')) > 12_000) found.push('markdown blocks must be less than 12001 characters')
  return found.map((problem) => `${problem} [json-pointer:${root}]`)
}

/** Rules that no single block can break: ids that clash, one table, two charts, one focus. */
export function problemsAcross(blocks: Fields[], surface: Surface, root: string): string[] {
  const focused = controlsOf(blocks).filter((one) => one.element.focus_on_load === true)
  return [
    ...idProblems(blocks, root),
    ...(surface === 'message' ? messageProblems(blocks, root) : []),
    ...(focused.length > 1 ? [`only one element can have \`focus_on_load\` set [json-pointer:${root}]`] : []),
  ]
}
