import { contentOf } from 'local-slack/validate/message'
import { validView } from 'local-slack/validate/view'
import { expect, test } from 'vitest'
import { say } from '../../src/foundation/words.ts'
import {
  cell,
  context,
  header,
  message,
  notice,
  option,
  plainSection,
  select,
} from '../../src/slack/blocks.ts'
import { sentenceBlock } from '../../src/slack/phrase.ts'
import {
  choose,
  fillAndCreate,
  general,
  house,
  openDialog,
  people,
  said,
  submit,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { dialogWith, received } from '../setup/seen.ts'

useHouse()

/** A key of the member's that nobody has revealed. */
async function offered(name: string, more: Record<string, string> = {}): Promise<void> {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  const made = await submitAndSee(manager, form, { name, scopes: ['read'], owner: people.member, ...more })
  await manager.close(made.id)
}

test('a second key for an integration whose only key waits to be revealed is asked about, and made', async () => {
  const manager = house.as('manager')
  await offered('Pipedrive one', { integration: 'Pipedrive' })
  const form = await openDialog(manager, 'create')
  const asked = await submit(manager, form, {
    name: 'Pipedrive two',
    integration: 'Pipedrive',
    scopes: ['read'],
  })
  expect(asked).toMatchObject({ ok: true, outcome: 'updated' })
  const question = await dialogWith(manager, 'Create key', 'already has a key')
  expect(said(question.blocks)).toContain('Pipedrive already has a key: Pipedrive one (not revealed yet).')
  const ticked = await choose(manager, question, 'expires', '30', { another: ['yes'] })
  await fillAndCreate(manager, ticked, { name: 'Pipedrive two', integration: 'Pipedrive', expires: '30' })
  await dialogWith(manager, 'Copy your key', 'Shown once')
})

test('the owner of a key that waits hears that somebody else revoked it', async () => {
  const manager = house.as('manager')
  await offered('Waits in vain')
  const dialog = await openDialog(manager, 'revoke Waits in vain')
  await manager.close((await submitAndSee(manager, dialog, { confirm: 'Waits in vain' })).id)
  const heard = await received(house.as('member'), 'your key Waits in vain')
  expect(heard.text).toMatch(/revoked your key \u2068Waits in vain\u2069 \(not revealed yet\)\.$/)
})

test('whoever is made the owner of a key, and whoever looks at one that waits, reads words', async () => {
  const manager = house.as('manager')
  await offered('Still waits')
  for (const verb of ['show', 'edit', 'holders', 'revoke', 'usage']) {
    const before = (await manager.screen()).modals.length
    await manager.command({ channel: general, text: `/keys ${verb} Still waits` })
    if (verb === 'usage') await received(manager, 'Still waits')
    else {
      const opened = await manager.waitFor(({ modals }) => {
        const top = modals.at(-1)
        return modals.length > before && top && !/One moment/.test(said(top.blocks)) && top
      })
      expect(said(opened.blocks)).not.toContain('Something went wrong')
      await manager.close(opened.id)
    }
  }
})

test('whatever is empty, no block is built that Slack refuses', () => {
  const nothing = say`${{ code: '' }}${{ name: '' }}${{ user: '' }}${''}`
  const inMessages = [
    sentenceBlock(nothing),
    sentenceBlock([]),
    sentenceBlock(say`Key ${{ name: 'Ledger' }} ${{ code: '' }}.`),
    header(''),
    plainSection(''),
    context(''),
  ]
  const table = { type: 'table' as const, rows: [[cell(''), cell('a')]] }
  expect(() => contentOf({ blocks: JSON.stringify([...inMessages, table]) })).not.toThrow()
  expect(() => contentOf({ ...message(nothing), text: 'a' })).not.toThrow()
  const menu = {
    type: 'section',
    text: plainSection('a').text,
    accessory: { ...select([option('', 'one')]), action_id: 'a' },
  }
  const view = { ...notice('', inMessages), blocks: [...inMessages, menu] }
  expect(() => validView(view, 'modal')).not.toThrow()
  expect(said([sentenceBlock(say`Key ${{ name: 'Ledger' }} ${{ code: '' }}.`)])).toBe('Key Ledger.')
})
