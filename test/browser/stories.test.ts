import { advance } from 'local-slack/person'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findChromium } from '../../sandbox/services/install.ts'
import {
  callPlatform,
  counted,
  general,
  makeKey,
  people,
  security,
  type TestHouse,
  testHouse,
} from '../setup/house.ts'

/** The stories of the README as a person lives through them, at a desk and on a phone. */
const sizes = [
  ['at a desk', 'Desk', { width: 1280, height: 860 }],
  ['on a phone', 'Phone', { width: 390, height: 844 }],
] as const

let house: TestHouse
let browser: Browser
const thrown: Error[] = []
beforeAll(async () => {
  // Root has no user namespaces to build Chromium's sandbox from.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const open = async () => chromium.launch({ executablePath: await findChromium(), args })
  ;[house, browser] = await Promise.all([testHouse({ page: true }), open()])
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await house?.drop()
})

type Size = { width: number; height: number }

async function openPage(
  viewport: Size,
  who: keyof typeof people = 'manager',
  channel = general,
): Promise<Page> {
  const page = await browser.newPage({ viewport })
  page.setDefaultTimeout(40_000)
  page.on('pageerror', (error) => thrown.push(error))
  await page.goto(`${house.slack.url}/?as=${people[who]}&channel=${channel}`)
  return page
}

async function type(page: Page, text: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Message #general' })
  await field.fill(text)
  await field.press('Enter')
}

/** What the bot answered last in the open conversation. */
const answer = (page: Page, words: string | RegExp): Locator =>
  page.getByRole('article').filter({ hasText: words }).last()

const dialog = (page: Page, name: string | RegExp): Locator => page.getByRole('dialog', { name })

/** Nothing is beyond the right edge, where a person on a phone would never find it. */
async function expectWithin(page: Page, what: Locator): Promise<void> {
  await what.waitFor()
  const { scrolled, width } = await page.evaluate(() => ({
    scrolled: document.documentElement.scrollWidth,
    width: window.innerWidth,
  }))
  expect(scrolled).toBeLessThanOrEqual(width)
  for (const button of await what.getByRole('button').all()) {
    const box = await button.boundingBox()
    if (box) expect(box.x + box.width, await button.textContent().then(String)).toBeLessThanOrEqual(width + 1)
  }
}

async function closeDialog(page: Page, name: string, button = 'Close'): Promise<void> {
  await dialog(page, name).getByRole('button', { name: button }).last().click()
  await dialog(page, name).waitFor({ state: 'detached' })
}

test.each(sizes)('a key is made, used, paused, resumed and revoked %s', async (_, size, viewport) => {
  const name = `${size} Portal`
  const page = await openPage(viewport)
  await type(page, '/keys create')
  const form = dialog(page, 'Create key')
  await form.getByRole('textbox', { name: 'Name' }).fill(name)
  await form.getByRole('checkbox', { name: /^read/ }).check()
  await expectWithin(page, form)
  await form.getByRole('button', { name: 'Create key' }).click()
  const shown = dialog(page, 'Copy your key')
  const token = String(await shown.getByText(/^tml_[0-9A-Za-z]{38}$/).textContent())
  await expectWithin(page, shown)
  await shown.getByRole('button', { name: /I have saved/ }).click()
  await closeDialog(page, 'Key created')
  expect(await callPlatform(house, token)).toBe(200)

  await type(page, '/keys list')
  await expectWithin(page, answer(page, name))

  await type(page, `/keys deactivate ${name}`)
  await expectWithin(page, dialog(page, 'Deactivate key'))
  await dialog(page, 'Deactivate key').getByRole('button', { name: 'Deactivate key' }).click()
  await dialog(page, 'Key deactivated').waitFor()
  expect(await callPlatform(house, token)).toBe(401)
  await closeDialog(page, 'Key deactivated')
  await type(page, `/keys activate ${name}`)
  await answer(page, new RegExp(`Activated .?${name}`)).waitFor()
  await expect.poll(() => callPlatform(house, token)).toBe(200)

  await type(page, `/keys revoke ${name}`)
  const revoke = dialog(page, 'Revoke key')
  await revoke.getByRole('textbox').fill(name)
  await expectWithin(page, revoke)
  await revoke.getByRole('button', { name: 'Revoke key' }).click()
  await dialog(page, 'Key revoked').waitFor()
  await closeDialog(page, 'Key revoked')
  expect(await callPlatform(house, token)).toBe(401)
  expect(thrown).toEqual([])
  await page.close()
})

test.each(sizes)(
  'usage is one report, found by a link, with a picture and all recent requests %s',
  async (_, size, viewport) => {
    const name = `${size} Metrics`
    const token = await makeKey(house.as('manager'), { name })
    const before = await countOf()
    for (let i = 0; i < 12; i++) await callPlatform(house, token)
    await counted(house, before + 12)
    const page = await openPage(viewport)
    await type(page, `/keys usage ${name}`)
    await expectWithin(page, answer(page, '12 requests in the last 7 days'))
    await answer(page, 'Full report with chart').getByRole('button', { name: 'Open' }).click()
    const report = page.getByRole('article').filter({ hasText: 'Export CSV' }).last()
    await report.getByRole('img', { name: /^Requests of the last 7 days/ }).waitFor()
    await report.getByRole('button', { name: /12 recent requests/ }).click()
    await answer(page, 'requests 1-12 of the last 12').waitFor()
    expect(thrown).toEqual([])
    await page.close()
  },
)

test.each(sizes)(
  'an alert is acted on where it stands, and then says who did it %s',
  async (_, size, viewport) => {
    const name = `${size} Import`
    await makeKey(house.as('manager'), { name, expires: '8' })
    await advance(house.slack.url, { advanceDays: 1 })
    const page = await openPage(viewport, 'otherManager', security)
    const alert = page.getByRole('article').filter({ hasText: name }).last()
    await expectWithin(page, alert)
    await alert.getByRole('button', { name: new RegExp(`^Deactivate ${name}`) }).click()
    await dialog(page, 'Deactivate key').getByRole('button', { name: 'Deactivate key' }).click()
    await dialog(page, 'Key deactivated').waitFor()
    await closeDialog(page, 'Key deactivated')
    await page
      .getByRole('article')
      .filter({ hasText: new RegExp(`deactivated .?${name}.? on`) })
      .last()
      .waitFor()
    expect(thrown).toEqual([])
    await page.close()
  },
)

test.each(sizes)(
  'an owner reads the policy on one screen and changes a section %s',
  async (_, _size, viewport) => {
    const page = await openPage(viewport, 'owner')
    await type(page, '/keys policy')
    const policy = dialog(page, 'Policy')
    await policy.getByText('Rotation and idle keys').waitFor()
    await expectWithin(page, policy)
    await policy.getByRole('button', { name: 'Change: Rotation and idle keys' }).click()
    const days = policy.getByRole('textbox', { name: 'Rotate every (days)' })
    const wanted = (await days.inputValue()) === '90' ? '120' : '90'
    await days.fill(wanted)
    await policy.getByRole('button', { name: 'Save policy' }).click()
    await dialog(page, 'Policy saved').getByText(`Due every ${wanted} days`).waitFor()
    await closeDialog(page, 'Policy saved')
    expect(thrown).toEqual([])
    await page.close()
  },
)

test.each(sizes)('a form that lacks something shows where %s', async (_, _size, viewport) => {
  const page = await openPage(viewport, 'member')
  await type(page, '/keys request Draft')
  const form = dialog(page, 'Request a key')
  await form.getByRole('button', { name: 'Send request' }).click()
  const missing = form.getByText('Please complete this required field.').first()
  await expect
    .poll(async () => {
      const [said, body] = await Promise.all([
        missing.boundingBox(),
        form.locator('.dialog-body').boundingBox(),
      ])
      return said && body && said.y >= body.y && said.y + said.height <= body.y + body.height
    })
    .toBe(true)
  await closeDialog(page, 'Request a key', 'Cancel')
  expect(thrown).toEqual([])
  await page.close()
})

test.each(sizes)('a member is told who may, and finds what waits for them %s', async (_, _size, viewport) => {
  const page = await openPage(viewport, 'member')
  await type(page, '/keys audit')
  await answer(page, 'Only managers and owners').waitFor()
  await type(page, '/keys inbox')
  await expectWithin(page, answer(page, /Inbox/))
  await type(page, '/keys help')
  await expectWithin(page, answer(page, 'find keys'))
  expect(thrown).toEqual([])
  await page.close()
})

const countOf = async (): Promise<number> => {
  const row = await house.world.db('key_usage').sum('requests as requests').first()
  return Number(row?.requests ?? 0)
}
