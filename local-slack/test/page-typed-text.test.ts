import { describe, expect, it } from 'vitest'
import { mentionable } from '../page/mention-hint.tsx'
import { encodeTyped } from '../page/typed-text.ts'
import { acme } from '../seed.ts'

const { people, channels } = acme()
const command = (text: string) => encodeTyped(text, people, channels, true)
const message = (text: string) => encodeTyped(text, people, channels, false)

describe('typed text', () => {
  it('names a person by id, in a command beside their name', () => {
    expect(message('ask @bruno.')).toBe('ask <@U0BRUNO002>.')
    expect(command('/keys offboard @Bruno')).toBe('/keys offboard <@U0BRUNO002|bruno>')
  })

  it('names a channel by id', () => {
    expect(message('see #platform')).toBe('see <#C0PLATFORM>')
  })

  it('leaves strangers’ names, addresses and numbers alone', () => {
    expect(message('@nobody bruno@acme.example #404')).toBe('@nobody bruno@acme.example #404')
  })

  it('offers those first whose name begins so, since Enter takes the first', () => {
    const offered = (draft: string) => mentionable(draft, people).map(({ name }) => name)
    expect(offered('/keys offboard @da')).toEqual(['dana'])
    expect(offered('/keys offboard @Alm')).toEqual(['bruno'])
    expect(offered('/keys offboard @dana ')).toEqual([])
  })

  it('cannot forge a mention', () => {
    expect(message('<@U0BRUNO002> & <!channel>')).toBe('&lt;@U0BRUNO002&gt; &amp; &lt;!channel&gt;')
  })
})
