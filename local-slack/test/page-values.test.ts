import { describe, expect, it } from 'vitest'
import { collectValues } from '../page/values.ts'

const option = (value: string) => ({ text: { type: 'plain_text', text: value }, value })
const name = {
  type: 'input',
  block_id: 'name',
  element: { type: 'plain_text_input', action_id: 'v', initial_value: 'preset' },
}
const expires = {
  type: 'input',
  block_id: 'expires',
  element: {
    type: 'static_select',
    action_id: 'v',
    options: [option('30'), option('90')],
    initial_option: option('90'),
  },
}
const scopes = {
  type: 'actions',
  block_id: 'scopes',
  elements: [
    { type: 'checkboxes', action_id: 'v', options: [option('read'), option('write')] },
    { type: 'button', action_id: 'go' },
  ],
}

describe('the values of a form', () => {
  it('begin with what the app preset; buttons have none', () => {
    expect(collectValues([name, expires, scopes], {})).toEqual({
      name: { v: 'preset' },
      expires: { v: '90' },
      scopes: { v: [] },
    })
  })

  it('are what was typed here, before what the server knows, before the preset', () => {
    expect(collectValues([name], {}, { name: { v: 'known' } })).toEqual({ name: { v: 'known' } })
    expect(collectValues([name], { name: { v: 'typed' } }, { name: { v: 'known' } })).toEqual({
      name: { v: 'typed' },
    })
  })

  it('stay empty where the person has emptied a preset field', () => {
    expect(collectValues([name], { name: { v: null } }, { name: { v: 'known' } })).toEqual({
      name: { v: null },
    })
  })

  it('leave out fields that an update took away', () => {
    expect(collectValues([name], { gone: { v: 'typed' } })).toEqual({ name: { v: 'preset' } })
  })

  it('lose a choice that an update no longer offers', () => {
    expect(collectValues([expires], { expires: { v: '365' } })).toEqual({ expires: { v: null } })
    expect(collectValues([scopes], { scopes: { v: ['read', 'admin'] } })).toEqual({ scopes: { v: ['read'] } })
  })

  it('include fields inside of a container', () => {
    expect(collectValues([{ type: 'container', child_blocks: [name] }], {})).toEqual({
      name: { v: 'preset' },
    })
  })
})
