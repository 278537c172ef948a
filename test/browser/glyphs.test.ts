import { readdirSync, readFileSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureInstalled, findChromium } from '../../sandbox/services/install.ts'
import { type LocalSlack, startSlack } from '../../sandbox/slack/slack.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { people } from '../setup/house.ts'

const root = new URL('../../', import.meta.url)

/** Every character beyond ASCII in what the product says and in what the demo's people and keys are called. */
function charactersInUse(): string[] {
  const files = ['src/', 'sandbox/'].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => folder + path),
  )
  const stretches = files.flatMap(
    (path) => readFileSync(new URL(path, root), 'utf8').match(/[^\p{ASCII}]+/gu) ?? [],
  )
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
  const seen = new Set(stretches.flatMap((text) => Array.from(graphemes.segment(text), (one) => one.segment)))
  return [...seen].filter((segment) => /[^\p{C}\p{Z}\p{M}]/u.test(segment)).sort()
}

let slack: LocalSlack
let browser: Browser
let page: Page
beforeAll(async () => {
  try {
    ensureInstalled(['fonts'], console.log)
  } catch (error) {
    // Where these packages cannot be had other fonts may do: what is drawn decides.
    console.warn((error as Error).message)
  }
  slack = await startSlack({ clock: systemClock, page: true })
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  browser = await chromium.launch({ executablePath: await findChromium(), args })
  page = await browser.newPage()
  await page.goto(`${slack.url}/?as=${people.manager}`)
})
afterAll(async () => {
  await browser?.close()
  await slack?.close()
})

/** Those of them that Chromium draws as a box, or not at all, in a font of the page. */
function broken(characters: string[], family: string): Promise<string[]> {
  return page.evaluate(
    async ([wanted, font]) => {
      await document.fonts.load(`32px ${font}`, 'a')
      const canvas = Object.assign(document.createElement('canvas'), { width: 80, height: 64 })
      const pen = canvas.getContext('2d', { willReadFrequently: true })!
      const drawn = (text: string) => {
        pen.clearRect(0, 0, 80, 64)
        pen.font = `32px ${font}`
        pen.fillText(text, 8, 44)
        return canvas.toDataURL()
      }
      // Unicode keeps these two free, so they are drawn like every character without a glyph.
      const without = [drawn(''), drawn('\u0378'), drawn('\u{E0FFF}')]
      return wanted.filter((text) =>
        [...text].some((one) => !/\p{M}/u.test(one) && without.includes(drawn(one))),
      )
    },
    [characters, family] as const,
  )
}

test.each(['body', '--mono'])(
  'the page draws every character that the product and the demo use, in %s',
  async (where) => {
    const family = await page.evaluate((name) => {
      const style = getComputedStyle(name === 'body' ? document.body : document.documentElement)
      return name === 'body' ? style.fontFamily : style.getPropertyValue(name)
    }, where)
    const characters = charactersInUse()
    expect(characters).toEqual(expect.arrayContaining(['●', '⏸️', '…', '日', '☕', '⚠️']))
    expect(await broken(['\u0379', 'a'], family)).toEqual(['\u0379'])
    expect(await broken(characters, family)).toEqual([])
  },
)
