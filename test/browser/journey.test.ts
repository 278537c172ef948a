import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findChromium } from '../../sandbox/services/install.ts'
import { callPlatform, general, people, type TestHouse, testHouse } from '../setup/house.ts'

let house: TestHouse
let browser: Browser
const thrown: Error[] = []
beforeAll(async () => {
  ;[house, browser] = await Promise.all([testHouse({ page: true }), openChromium()])
})
afterAll(async () => {
  await browser?.close()
  await house?.drop()
})

test('a manager makes a key in the browser, copies it with a triple click, and it is gone from the page', async () => {
  const page = await openPageAs('manager')
  await type(page, '/keys create')
  await fillForm(page.getByRole('dialog', { name: 'Create key' }))

  const shown = page.getByRole('dialog', { name: 'Copy your key' })
  const block = shown.getByText(/^tml_[0-9A-Za-z]{38}$/)
  await block.click({ clickCount: 3 })
  const token = await page.evaluate(() => getSelection()!.toString())
  expect(token).toMatch(/^tml_[0-9A-Za-z]{38}$/)
  expect(await block.textContent()).toBe(token)
  expect(await callPlatform(house, token)).toBe(200)

  await shown.getByRole('button', { name: /I have saved/ }).click()
  const saved = page.getByRole('dialog', { name: 'Key created' })
  await saved.getByText('Partner Portal').waitFor()
  await saved.getByRole('button', { name: 'Close' }).click()
  await saved.waitFor({ state: 'detached' })

  await type(page, '/keys list')
  const list = page.getByRole('article').filter({ hasText: 'Partner Portal' }).last()
  await list.getByText(`${token.slice(0, 8)}...`).waitFor()
  await expectNoTrace(page, token)
  await page.reload()
  await list.waitFor()
  await expectNoTrace(page, token)
  expect(thrown).toEqual([])
})

/** Root has no user namespaces to build Chromium's sandbox from. */
const openChromium = async (): Promise<Browser> =>
  chromium.launch({
    executablePath: await findChromium(),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })

async function openPageAs(who: keyof typeof people): Promise<Page> {
  const page = await browser.newPage()
  page.on('pageerror', (error) => thrown.push(error))
  await page.goto(`${house.slack.url}/?as=${people[who]}&channel=${general}`)
  return page
}

async function type(page: Page, text: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Message #general' })
  await field.fill(text)
  await field.press('Enter')
}

async function fillForm(dialog: Locator): Promise<void> {
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Partner Portal')
  await dialog.getByRole('textbox', { name: 'Description' }).fill('Shown to partners')
  await dialog.getByRole('checkbox', { name: /^read/ }).check()
  await dialog.getByRole('combobox', { name: 'Expires' }).click()
  await dialog.page().getByRole('option', { name: '30 days' }).click()
  await dialog.getByText(/it stops working/).waitFor()
  await dialog.getByRole('button', { name: 'Create key' }).click()
}

/** Neither what is drawn, nor what was typed, nor what the browser keeps. */
async function expectNoTrace(page: Page, token: string): Promise<void> {
  expect(await page.content()).not.toContain(token)
  const kept = await page.evaluate(() => {
    const typed = [...document.querySelectorAll('input, textarea')].map(
      (field) => (field as HTMLInputElement).value,
    )
    return JSON.stringify([typed, { ...localStorage }, { ...sessionStorage }, location.href])
  })
  expect(kept).not.toContain(token)
}
