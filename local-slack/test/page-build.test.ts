import { describe, expect, it } from 'vitest'
import { buildPage } from '../page/build.ts'

describe('the page', () => {
  it('brings along everything that it asks for', async () => {
    const { html, files } = await buildPage('Tom & <Jerry>')
    expect(html).toContain('<title>Tom &#38; &#60;Jerry> in a local Slack</title>')
    const style = new TextDecoder().decode(files['style.css']!.body)
    const asked = [
      ...html.matchAll(/(?:src|href)="\/page\/([^"]+)"/g),
      ...style.matchAll(/url\(["']?(?!data:)([^"')]+)["']?\)/g),
    ].map(([, name]) => name!.replace('/page/', ''))
    expect(asked).toContain('app.js')
    expect(asked.some((name) => name.endsWith('.woff2'))).toBe(true)
    for (const name of asked) expect(files).toHaveProperty([name])
  })
})
