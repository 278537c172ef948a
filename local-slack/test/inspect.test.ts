import type { KnownBlock } from '@slack/types'
import { expect, test } from 'vitest'
import { findBeside, findButton, findInput, optionValue, textOf } from '../inspect.ts'
import { plain } from './bolt.ts'

const option = (label: string) => ({ text: plain(label), value: label.toLowerCase() })
const menu = (key: string): KnownBlock => ({
  type: 'section',
  block_id: key,
  text: plain(key),
  accessory: { type: 'overflow', action_id: 'menu', options: [option('Rotate'), option('Delete')] },
})
const blocks: KnownBlock[] = [
  { type: 'header', text: plain('Keys') },
  menu('billing'),
  menu('reports'),
  {
    type: 'input',
    block_id: 'name',
    label: plain('Name'),
    element: { type: 'plain_text_input', action_id: 'name', placeholder: plain('e.g. nightly export') },
  },
  {
    type: 'actions',
    block_id: 'row',
    elements: [{ type: 'button', action_id: 'new', text: plain('Create key') }],
  },
]

test('controls are found by the words that a person reads', () => {
  expect(findButton(blocks, 'Create key')).toMatchObject({ blockId: 'row', actionId: 'new' })
  expect(findButton(blocks, /^create/i)).toMatchObject({ actionId: 'new' })
  expect(findButton(blocks, 'Create')).toBeUndefined()
  expect(findInput(blocks, 'Name')).toMatchObject({ blockId: 'name', type: 'plain_text_input' })
  const beside = findBeside(blocks, 'reports')!
  expect(beside).toMatchObject({ blockId: 'reports', actionId: 'menu' })
  expect(optionValue(blocks, beside, 'Rotate')).toBe('rotate')
  expect(optionValue(blocks, beside, 'Edit')).toBeUndefined()
})

test('text is all that can be read, and nothing of the wiring', () => {
  const text = textOf(blocks)
  for (const words of ['Keys', 'billing', 'Delete', 'e.g. nightly export']) expect(text).toContain(words)
  for (const wiring of ['action_id', 'overflow', 'plain_text']) expect(text).not.toContain(wiring)
})
