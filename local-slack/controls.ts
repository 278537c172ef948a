import { type Fields, fieldsAt, isFields, listAt } from './fields.ts'
import { newShortId } from './ids.ts'

/** An interactive element and the block it stands in. */
export type Control = { block: Fields; blockId: string; actionId: string; element: Fields }

/** Blocks with all that are nested in containers, cards and carousels. */
export function flattened(blocks: Fields[]): Fields[] {
  return blocks.flatMap((block) => {
    const nested = [
      ...listAt(block, 'child_blocks'),
      ...(block.type === 'carousel' ? listAt(block, 'elements') : []),
    ]
    return [block, ...flattened(nested)]
  })
}

function elementsOf(block: Fields): Fields[] {
  switch (block.type) {
    case 'section':
      return [fieldsAt(block, 'accessory')].filter((element) => element.type !== 'image')
    case 'input':
      return [fieldsAt(block, 'element')]
    case 'card':
      return listAt(block, 'actions')
    case 'actions':
    case 'context_actions':
      return listAt(block, 'elements')
    default:
      return []
  }
}

/** Every interactive element of these blocks, in reading order. */
export function controlsOf(blocks: Fields[]): Control[] {
  return flattened(blocks).flatMap((block) =>
    elementsOf(block)
      .filter((element) => typeof element.type === 'string')
      .map((element) => ({
        block,
        blockId: String(block.block_id ?? ''),
        actionId: String(element.action_id ?? ''),
        element,
      })),
  )
}

export function findControl(blocks: Fields[], blockId: string, actionId: string): Control | undefined {
  return controlsOf(blocks).find((one) => one.blockId === blockId && one.actionId === actionId)
}

/** A copy in which every block and interactive element has an id, as Slack stores them. */
export function withIds(blocks: Fields[]): Fields[] {
  const copy = structuredClone(blocks)
  for (const block of flattened(copy)) {
    if (block.block_id === undefined) block.block_id = newShortId()
    for (const element of elementsOf(block)) {
      if (isFields(element) && typeof element.type === 'string' && element.action_id === undefined) {
        element.action_id = newShortId()
      }
    }
  }
  return copy
}
