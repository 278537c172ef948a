/** The command behind `npm run screenshots`: the README's pictures, taken from a demo that is thrown away. */
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { person } from 'local-slack/person'
import { type Browser, chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { people } from './acting.ts'
import { type Demo, openDemo } from './demo/open.ts'
import { send } from './demo/traffic.ts'
import { type Picture, pictures } from './screenshots/pictures.ts'
import { ensureInstalled, findChromium } from './services/install.ts'

const directory = fileURLToPath(new URL('../docs/screenshots/', import.meta.url))
const largestBytes = 200_000

const wanted = process.argv.slice(2)
await mkdir(directory, { recursive: true })
ensureInstalled(['fonts'], console.log)
const demo = await openDemo({ say: console.log, log: { level: 'error', destination: process.stderr } })
try {
  // Root has no user namespaces to build Chromium's sandbox from.
  const args = ['--lang=en-GB', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
  const browser = await chromium.launch({ executablePath: await findChromium(), args })
  try {
    for (const client of demo.clients) await send(demo.house.platform.url, client)
    for (const picture of pictures)
      if (wanted.length === 0 || wanted.includes(picture.file)) await take(browser, demo, picture)
  } finally {
    await browser.close()
  }
} finally {
  await demo.close()
}

async function take(browser: Browser, demo: Demo, picture: Picture): Promise<void> {
  const [width, height] = picture.size
  const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: 2, locale: 'en-GB' })
  try {
    const query = new URLSearchParams({ as: people[picture.as], ...picture.place(demo) })
    await page.goto(`${demo.house.slack.url}/?${query}`)
    await picture.stage(page, demo)
    await expectNoToken(page, picture)
    await page.mouse.move(0, 0) // a control under the pointer looks pressed
    const clip = picture.frame === 'dialog' ? { clip: await dialogAlone(page) } : {}
    const shot = await page.screenshot({
      animations: 'disabled',
      caret: 'hide',
      ...clip,
    })
    const { size } = await sharp(shot)
      .png({ palette: true, quality: 95, effort: 10 })
      .toFile(`${directory}${picture.file}.png`)
    console.log(`docs/screenshots/${picture.file}.png  ${Math.round(size / 1000)} kB`)
    if (size > largestBytes) throw new Error(`${picture.file}.png is larger than ${largestBytes / 1000} kB`)
  } finally {
    await page.close()
    await closeDialogs(demo, people[picture.as])
  }
}

/** Dialogs are Slack's to keep: the next picture of the same person would begin with this one's. */
async function closeDialogs({ house }: Demo, userId: string): Promise<void> {
  const who = person(house.slack.url, userId)
  const [lowest] = (await who.screen()).modals
  if (lowest) await who.close(lowest.id)
}

/** No picture of a whole token may exist, not even of one that opens nothing any more. */
async function expectNoToken(page: Page, { file }: Picture): Promise<void> {
  const text = await page.evaluate(() => document.body.textContent)
  if (/tml_[0-9A-Za-z]{38}/.test(text)) throw new Error(`${file}: a whole token is on the page`)
}

/** Takes everything behind the dialog away, and returns its place with room for its shadow. */
async function dialogAlone(page: Page) {
  await page.addStyleTag({
    content: '.app > :not(dialog) { visibility: hidden } dialog::backdrop { background: none !important }',
  })
  const box = await page.locator('dialog[open]').last().boundingBox()
  if (!box) throw new Error('there is no dialog on the page')
  const air = 24
  return { x: box.x - air, y: box.y - air, width: box.width + 2 * air, height: box.height + 2 * air }
}
