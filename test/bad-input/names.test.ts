import { beforeAll, describe, expect, test } from 'vitest'
import { findBeside, topModal } from '../../sandbox/slack/look.ts'
import { calls, type PersonClient } from '../../sandbox/slack/person.ts'
import { answerTo, house, makeKey, openDialog, said, submit, submitAndSee, useHouse } from '../setup/house.ts'

let manager: PersonClient
useHouse()
beforeAll(async () => {
  manager = house.as('manager')
})

/** The sentence that stands on the name's field once the form is submitted so. */
async function complaintOn(name: string): Promise<unknown> {
  const form = await openDialog(manager, 'create')
  const answer = await submit(manager, form, { name, scopes: ['read'] })
  const open = topModal(await manager.screen())
  expect(open?.id).toBe(form.id)
  expect(open?.values.name).toEqual({ name })
  await manager.close(form.id)
  return answer.ok && answer.outcome === 'errors' ? answer.errors : answer
}

const keyCount = async () => Number((await house.world.db('keys').count('id').first())!.count)

describe('the field says what is wrong with a name, keeps what was typed, and no key is made', () => {
  test.each([
    ['of spaces', '   ', 'Give the key a name.'],
    ['that nobody can see', '\u200b\u2060\u202e', 'Give the key a name.'],
    ['of 81 characters', 'x'.repeat(81), 'Use at most 80 characters.'],
    ['of 3,000 characters', 'é'.repeat(3000), 'Use at most 80 characters.'],
    ['that is a whole key', () => token, expect.stringMatching(/^That is a whole key\./)],
    ['that holds one', () => `my ${token}!`, expect.stringMatching(/^That is a whole key\./)],
  ])('%s', async (_what, name, complaint) => {
    const before = await keyCount()
    expect(await complaintOn(typeof name === 'string' ? name : name())).toEqual({ name: complaint })
    expect(await keyCount()).toBe(before)
  })

  test('that another live key has, however it is written', async () => {
    const before = await keyCount()
    const same = ['sales  FORCE “crm”', ' Sales\u00a0force "CRM" ', 'Sales\u200b force\u200d "CRM"']
    for (const name of [...same, 'Ｓａｌｅｓ force "CRM"', 'Sales force ‟CRM„'])
      expect(await complaintOn(name)).toEqual({
        name: expect.stringMatching(/ exists\. Choose another name/),
      })
    expect(await keyCount()).toBe(before)
  })
})

let token: string
beforeAll(async () => {
  token = await makeKey(manager, { name: 'Sales force "CRM"' })
})

describe('a name is a name, whatever stands in it', () => {
  test.each([
    ['a mention of everyone', '<!channel> & <@U0ADA00001>'],
    ['bold type', '*bold* _slanted_ `code` ~gone~'],
    ['emoji', '🔑🧑‍🚀 keys :key:'],
    ['right-to-left script', 'שלום \u202eevil\u2069 עולם'],
    ['quotes of every kind', `O’Brien's "best" „key“`],
    ['a slash and percent signs', '../a/b?c=%00&d=%s %d'],
    ['what SQL would heed', `x'); drop table keys; -- %_\\`],
    ['80 emoji', '🔑'.repeat(80)],
    ['what reads like a command', 'in:Platform revoke all'],
  ])('%s', async (_what, name) => {
    const from = (await calls(house.slack.url)).length
    await makeKey(manager, { name })
    const shown = await openDialog(manager, `show "${name}"`)
    expect(said(shown.blocks)).toContain(said([section(name)]))
    await manager.close(shown.id)

    const list = await answerTo(manager, `list ${name.slice(0, 12)}`)
    expect(findBeside(list.blocks, name.slice(0, 5).replace(/[\u202e\u2069]/g, ''))).toBeDefined()

    const end = await openDialog(manager, `revoke "${name}"`)
    expect(said((await submitAndSee(manager, end, { confirm: name })).blocks)).toContain('Revoked')
    await manager.close(end.id)
    expect(markupIn((await calls(house.slack.url)).slice(from))).toEqual([])
  })
})

const section = (text: string) =>
  ({ type: 'section', text: { type: 'plain_text', text: text.replace(/[\u202e\u2069]/g, '') } }) as const

/** Texts that Slack would read as markup and that hold what somebody typed, unescaped. */
function markupIn(sent: unknown): string[] {
  const risky = /<!channel>|<@U0ADA00001>|\*bold\*/
  const found: string[] = []
  JSON.stringify(sent, (key, value) => {
    const isMarkup = value?.type === 'mrkdwn' && risky.test(value.text)
    // The fallback of a message is markup too: what could be a mention is escaped in it.
    const isFallback = key === 'text' && typeof value === 'string' && /<!channel>/.test(value)
    if (isMarkup) found.push(value.text)
    return isFallback ? value.replaceAll('<!channel>', '') : value
  })
  return found
}

describe('a command with words that are no name gets a sentence', () => {
  test.each(['show', 'edit', 'rotate', 'deactivate', 'revoke'])('%s of 3,900 characters', async (verb) => {
    const dialog = await openDialog(manager, `${verb} ${'<*x> '.repeat(780)}`)
    expect(said(dialog.blocks)).toContain('No key is called')
    await manager.close(dialog.id)
  })

  test('activate, list, audit and an unknown verb of 3,900 characters', async () => {
    const long = '<*x> '.repeat(780)
    expect(said(await answerTo(manager, `activate ${long}`))).toContain('No key is called')
    expect(said(await answerTo(manager, `list ${long}`))).toContain('No keys match.')
    expect(said(await answerTo(manager, `audit ${long}`))).toContain('No key is called')
    expect(said(await answerTo(manager, long.replaceAll(' ', '')))).toMatch(/There is no .*\/keys help/)
  })

  test('half a character, a zero byte and a lone quote', async () => {
    for (const words of ['\ud83d', 'a\0b', '"', `'; --`, '%', '\\'])
      expect(said(await answerTo(manager, `activate ${words}`))).toContain('No key is called')
  })
})
