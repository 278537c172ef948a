import { describe, expect, it } from 'vitest'
import { type Inline, type Paragraph, parseEmoji, parseMrkdwn } from '../page/mrkdwn.ts'

function line(source: string): Inline[] {
  const paragraphs = parseMrkdwn(source)
  expect(paragraphs.map(({ kind }) => kind)).toEqual(['paragraph'])
  return (paragraphs[0] as Extract<Paragraph, { children: Inline[] }>).children
}

const text = (words: string): Inline => ({ kind: 'text', text: words })

describe('mrkdwn', () => {
  it('marks bold, italic, struck and code', () => {
    expect(line('*a* _b_ ~c~ `d`')).toEqual([
      { kind: 'bold', children: [text('a')] },
      text(' '),
      { kind: 'italic', children: [text('b')] },
      text(' '),
      { kind: 'strike', children: [text('c')] },
      text(' '),
      { kind: 'code', text: 'd' },
    ])
  })

  it.each([
    'snake_case_name',
    '2*3*4',
    '* not bold *',
    '**',
    'a ~ b ~ c',
    'tml_Ab3d_x',
    '# a',
    '[a](http:b)',
    '<>',
  ])('leaves %s as it is', (source) => expect(line(source)).toEqual([text(source)]))

  it('keeps markup out of code', () => {
    expect(line('`a *b* <@U1>`')).toEqual([{ kind: 'code', text: 'a *b* <@U1>' }])
    expect(parseMrkdwn('```*x*\n<@U1>```')).toEqual([{ kind: 'preformatted', text: '*x*\n<@U1>' }])
  })

  it('reads mentions, links and dates between angle brackets', () => {
    expect(line('<@U1> <#C1|ops> <!here> <https://a.b/c|the log>')).toEqual([
      { kind: 'user', id: 'U1', label: undefined },
      text(' '),
      { kind: 'channel', id: 'C1', label: 'ops' },
      text(' '),
      { kind: 'broadcast', range: 'here' },
      text(' '),
      { kind: 'link', url: 'https://a.b/c', text: 'the log' },
    ])
    expect(line('<!date^1700000000^{date} at {time}|14 November>')).toEqual([
      { kind: 'date', timestamp: 1_700_000_000, format: '{date} at {time}', fallback: '14 November' },
    ])
  })

  it('shows an escaped mention as text', () => {
    expect(line('&lt;@U1&gt; &amp;amp;')).toEqual([text('<@U1> &amp;')])
  })

  it('separates quotes from what stands around them', () => {
    expect(parseMrkdwn('a\n> b\n&gt; c\nd')).toEqual([
      { kind: 'paragraph', children: [text('a')] },
      { kind: 'quote', children: [text('b\nc')] },
      { kind: 'paragraph', children: [text('d')] },
    ])
  })

  it('does not lose an opened but never closed block of code', () => {
    expect(line('a ```b')).toEqual([text('a ```b')])
  })
})

describe('plain_text', () => {
  it('turns names of emoji into emoji and nothing else into anything', () => {
    expect(parseEmoji('*a* :key: <@U1> :nothing_like_it: 12:30:45')).toEqual([
      text('*a* '),
      { kind: 'emoji', name: 'key' },
      text(' <@U1> :nothing_like_it: 12:30:45'),
    ])
  })
})
