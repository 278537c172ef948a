import { topModal } from 'local-slack/inspect'
import { describe, expect, test } from 'vitest'
import {
  choose,
  house,
  makeKey,
  openDialog,
  people,
  said,
  setRole,
  submit,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { picked, send, submissionBody, ticked, typed } from './wire.ts'

useHouse({ mode: 'http' })

const keyCount = async () => Number((await house.world.db('keys').count('id').first())!.count)
const create = (who: 'manager' | 'otherManager' = 'manager') => openDialog(house.as(who), 'create')

describe('the form that makes a key refuses on the field, keeps the dialog, and makes nothing', () => {
  test.each(['0', '-1', '1.5', '1e3', 'abc', '99999', '3651', '٣'])('%j days', async (days) => {
    const [manager, before] = [house.as('manager'), await keyCount()]
    const form = await choose(manager, await create(), 'expires', 'other')
    const values = { name: 'Zapier', scopes: ['read'], expires: 'other', days }
    expect(await submit(manager, form, values)).toEqual({
      ok: true,
      outcome: 'errors',
      errors: { days: 'Enter a whole number of days from 1 to 3650.' },
    })
    expect(await keyCount()).toBe(before)
    await manager.close(form.id)
  })

  test('no expiry for a key that may write', async () => {
    const [manager, before] = [house.as('manager'), await keyCount()]
    const form = await create()
    const values = { name: 'Zapier', scopes: ['read', 'write'], expires: 'never' }
    expect(await submit(manager, form, values)).toMatchObject({
      errors: { expires: expect.stringMatching(/^Write keys must expire\./) },
    })
    expect(await keyCount()).toBe(before)
    await manager.close(form.id)
  })

  test('blank days for a key that may write', async () => {
    const [manager, before] = [house.as('manager'), await keyCount()]
    const form = await choose(manager, await create(), 'expires', 'other')
    const values = { name: 'Zapier', scopes: ['read', 'write'], expires: 'other', days: ' ' }
    expect(await submit(manager, form, values)).toMatchObject({
      errors: { days: expect.stringMatching(/^Write keys must expire\./) },
    })
    expect(await keyCount()).toBe(before)
    await manager.close(form.id)
  })

  test.each([
    [
      'a scope that is not offered',
      { scopes: ticked('read', 'admin') },
      'scopes',
      'There is no scope called admin.',
    ],
    ['no scope', { scopes: ticked() }, 'scopes', 'Choose at least one scope.'],
    ['an expiry that is not offered', { expires: picked('4000') }, 'expires', /^Enter a whole number/],
    ['a name of 4,000 characters', { name: typed('x'.repeat(4000)) }, 'name', 'Use at most 80 characters.'],
    ['a description of 3,000', { description: typed('x'.repeat(3000)) }, 'description', /^Use at most 300/],
    ['an integration of 81', { integration: typed('x'.repeat(81)) }, 'integration', /^Use at most 80/],
  ])('%s, submitted by hand', async (_what, wrong, field, sentence) => {
    const before = await keyCount()
    const form = await create()
    const reply = await send(house, await submissionBody(house, 'manager', form, values(wrong)))
    expect(reply).toMatchObject({ status: 200, body: { response_action: 'errors' } })
    const errors = reply.body.errors as Record<string, string>
    expect(Object.keys(errors)).toEqual([field])
    expect(errors[field]).toMatch(sentence)
    expect(await keyCount()).toBe(before)
    await house.as('manager').close(form.id)
  })

  test.each(['guest', 'stranger'] as const)('an owner who is a %s, submitted by hand', async (who) => {
    const [manager, before] = [house.as('manager'), await keyCount()]
    const form = await create()
    const wrong = values({ owner: { type: 'users_select', selected_user: people[who] } })
    const reply = await send(house, await submissionBody(house, 'manager', form, wrong))
    expect(reply).toMatchObject({ status: 200, body: { response_action: 'update' } })
    await manager.waitFor((screen) => {
      const kept = topModal(screen)
      return kept && said(kept.blocks).includes('Owner: Choose a full member of your team.')
    })
    expect(await keyCount()).toBe(before)
    await manager.close(form.id)
  })

  /** The values of a valid form, with some changed. */
  function values(change: Record<string, unknown>) {
    const right = {
      name: typed('Zapier by hand'),
      description: typed(''),
      integration: typed(''),
      scopes: ticked('read'),
      expires: picked('90'),
    }
    return Object.fromEntries(
      Object.entries({ ...right, ...change }).map(([field, value]) => [field, { [field]: value }]),
    )
  }
})

test('blank days are no end where policy allows that, as the form says', async () => {
  const manager = house.as('manager')
  const form = await choose(manager, await create(), 'expires', 'other')
  expect(said(form.blocks)).toContain('Leave both blank for no end.')
  const values = { name: 'Endless', scopes: ['read'], expires: 'other', days: ' ' }
  const shown = await submitAndSee(manager, form, values)
  expect(said(shown.blocks)).toContain('It does not expire.')
  const [key] = await house.world.db('keys').where({ name: 'Endless' }).select('lifetime_days', 'expires_at')
  expect(key).toEqual({ lifetime_days: null, expires_at: null })
  await manager.close(shown.id)
})

test('who lost their role while the dialog was open is refused in the dialog, and nothing changes', async () => {
  const manager = house.as('otherManager')
  await makeKey(house.as('manager'), { name: 'Kept' })
  const dialogs: [string, Record<string, string | string[]>][] = [
    ['create', { name: 'Never', scopes: ['read'] }],
    ['deactivate Kept', {}],
    ['revoke Kept', { confirm: 'Kept' }],
  ]
  for (const [text, given] of dialogs) {
    const form = await openDialog(manager, text)
    await setRole(house, people.otherManager, 'member')
    const shown = await submitAndSee(manager, form, given)
    expect(said(shown.blocks)).toMatch(/Only managers and owners \w+ keys\. Ask/)
    expect(shown.submit).toBeUndefined()
    await manager.close(shown.id)
    await setRole(house, people.otherManager, 'manager')
  }
  expect(await house.world.db('keys').whereIn('name', ['Kept', 'Never']).select('name', 'status')).toEqual([
    { name: 'Kept', status: 'active' },
  ])
})
