import { expect, test } from 'vitest'
import { readCommand } from '../../src/slack/words.ts'

test.each([
  ['offboard <@U0DANA0004|dana>', { verb: 'offboard', words: '<@U0DANA0004|dana>' }],
  ['offboard <@U0DANA0004>', { verb: 'offboard', words: '<@U0DANA0004>' }],
  ['show <mailto:sync@acme.example|sync@acme.example>', { verb: 'show', words: 'sync@acme.example' }],
  ['show <mailto:sync@acme.example>', { verb: 'show', words: 'sync@acme.example' }],
  ['show <http://acme.example|acme.example>', { verb: 'show', words: 'acme.example' }],
  ['show <https://acme.example/x>', { verb: 'show', words: 'https://acme.example/x' }],
  ['show R&amp;D &lt;old&gt;', { verb: 'show', words: 'R&D <old>' }],
  ['show &amp;lt;', { verb: 'show', words: '&lt;' }],
  ['show Nightly\u00a0export', { verb: 'show', words: 'Nightly export' }],
  ['show\u00a0“Nightly export” ', { verb: 'show', words: 'Nightly export' }],
  ['list in:“Wide\u202fspace”', { verb: 'list', words: '', workspace: 'Wide space' }],
  ['audit <#C0SECALRT1|security>', { verb: 'audit', words: '<#C0SECALRT1|security>' }],
])('%s is read as it was meant', (text, meant) => {
  expect(readCommand(text)).toEqual(meant)
})
