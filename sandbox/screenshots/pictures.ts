import { person, runAction } from 'local-slack/person'
import type { Locator, Page } from 'playwright-core'
import {
  people as everyone,
  general,
  openDialog,
  type people,
  said,
  security,
  submitAndSee,
} from '../acting.ts'
import type { Demo } from '../demo/open.ts'

export type Picture = {
  file: string
  as: keyof typeof people
  /** width and height of the window, in CSS pixels */
  size: readonly [number, number]
  /** where the page opens */
  place(demo: Demo): Record<string, string>
  /** brings about what the picture shows */
  stage(page: Page, demo: Demo): Promise<void>
  /** the dialog alone; the whole window when absent */
  frame?: 'dialog'
}

const inGeneral = () => ({ channel: general })
const directMessages = ({ house }: Demo) => ({ channel: house.slack.dmOf(everyone.manager).id })
const home = (demo: Demo) => ({ ...directMessages(demo), tab: 'home' })

export const pictures: readonly Picture[] = [
  { file: 'list', as: 'manager', size: [1100, 1120], place: inGeneral, stage: list },
  { file: 'create', as: 'manager', size: [900, 1500], place: inGeneral, stage: fillCreate, frame: 'dialog' },
  {
    file: 'shown-once',
    as: 'manager',
    size: [900, 700],
    place: inGeneral,
    stage: showMasked,
    frame: 'dialog',
  },
  {
    file: 'rotation',
    as: 'otherManager',
    size: [1100, 1240],
    place: () => ({ channel: security }),
    stage: rotation,
  },
  { file: 'usage', as: 'manager', size: [1100, 1300], place: directMessages, stage: usage },
  { file: 'revoke', as: 'manager', size: [900, 700], place: inGeneral, stage: revoke, frame: 'dialog' },
  { file: 'home', as: 'manager', size: [1100, 840], place: home, stage: waitForHome },
  { file: 'policy', as: 'owner', size: [900, 900], place: inGeneral, stage: policy, frame: 'dialog' },
  // The last one: what leaks is in every list from then on.
  {
    file: 'alert',
    as: 'otherManager',
    size: [1100, 860],
    place: () => ({ channel: security }),
    stage: alerts,
  },
]

async function type(page: Page, command: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Message #general' })
  await field.fill(command)
  await field.press('Enter')
}

async function list(page: Page): Promise<void> {
  await type(page, '/keys list')
  await page.getByRole('button', { name: 'Next' }).waitFor()
}

async function fillCreate(page: Page): Promise<void> {
  await type(page, '/keys create')
  const form = page.getByRole('dialog', { name: 'Create key' })
  await form.getByRole('textbox', { name: 'Name' }).fill('Partner Portal')
  await form.getByRole('textbox', { name: 'Description' }).fill('Shows partners the state of their tickets')
  await form.getByRole('checkbox', { name: /^read/ }).check()
  await form.getByRole('checkbox', { name: /^write/ }).check()
  await form.getByText(/must expire/).waitFor()
}

/**
 * The key is created and revoked again before the picture is taken, and its middle is masked: what can be seen opens
 * nothing and never could.
 */
async function showMasked(page: Page, { house }: Demo): Promise<void> {
  await fillCreate(page)
  await page.getByRole('button', { name: 'Create key' }).click()
  const block = page.getByRole('dialog', { name: 'Copy your key' }).getByText(/^tml_[0-9A-Za-z]{38}$/)
  await block.waitFor()
  const colleague = person(house.slack.url, everyone.otherManager)
  const asked = await openDialog(colleague, 'revoke Partner Portal')
  const done = await submitAndSee(colleague, asked, { confirm: 'Partner Portal' })
  if (!said(done.blocks).includes('Revoked')) throw new Error('the key of the picture is still alive')
  await colleague.close(done.id)
  await block.evaluate((element) => {
    const token = element.textContent ?? ''
    element.textContent = token.slice(0, 8) + '•'.repeat(token.length - 12) + token.slice(-4)
  })
}

async function alerts(page: Page, { house }: Demo): Promise<void> {
  await runAction(house.slack.url)
  const alert = page.getByRole('article').filter({
    has: page.getByRole('button', { name: /^Quarantine key/ }),
  })
  await alert.getByRole('img', { name: /^Requests per hour/ }).waitFor()
  // Its reply is shown in the channel too, with the same picture.
  await alert.getByText('1 reply').waitFor()
  await inTheMiddle(alert)
}

/** The message of a rotation that is under way, from its first line to its buttons. */
async function rotation(page: Page): Promise<void> {
  const buttons = page.getByRole('button', { name: /Finish early Zendesk Sync/ })
  const tracker = page.getByRole('article').filter({ has: buttons })
  await tracker.getByText('Requests per hour').waitFor()
  await inTheMiddle(tracker)
}

const inTheMiddle = (what: Locator): Promise<void> =>
  what.evaluate((element) => element.scrollIntoView({ block: 'center' }))

/** A panel of usage, in the direct messages of whoever asked for it. */
async function usage(page: Page, { house }: Demo): Promise<void> {
  const manager = person(house.slack.url, everyone.manager)
  await manager.command({ channel: general, text: '/keys usage Salesforce CRM 30d' })
  await page.getByRole('img', { name: /^Requests of the last 30 days/ }).waitFor()
  await page
    .getByText(/^Updated/)
    .last()
    .waitFor()
}

async function revoke(page: Page): Promise<void> {
  await type(page, '/keys revoke Salesforce CRM')
  await page.getByRole('dialog').getByRole('textbox').fill('Salesforce')
}

async function waitForHome(page: Page): Promise<void> {
  await page.getByText(/Updated/).waitFor()
}

async function policy(page: Page): Promise<void> {
  await type(page, '/keys policy')
  await page.getByRole('dialog').getByText('Rotation and idle keys').waitFor()
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
}
