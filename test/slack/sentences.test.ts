import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nodesIn, parse, readTree } from '../structure/source.ts'
import { sentencesInSource } from './sentences.ts'

const file = new URL('sentences.txt', import.meta.url)
const sentences = sentencesInSource()
const written = `${sentences.join('\n')}\n`

/** Wordings that people stumbled over, or that say one thing in two ways. */
const former = [
  /\bLeave it out and I ask\b/,
  /^Revealed today\b/,
  /\bon the other side\b/,
  /\bAt most so many\b/,
  /\bthey reveal it; you will not see it\b/,
  /\bThen read is enough\b/,
  / may: /,
  /\bis stored nowhere\b/,
  /\bFrom now on it shows\b/,
  /\boffer lapses on\b/,
  /\bWhoever decides\b/,
  /\bperson who asked reads\b/,
  /\basks for a key\b/,
  /\bno check started\b|\bevery check started\b/,
  / %(?![0-9A-F])/,
  /^As of\b/,
  /\bWent well\b/,
  /\bcould do with less\b/,
  /\bdirect messages\.$/,
  /\bits key is from\b/,
  /\bas needed\b/,
  /, said by\b/,
  /\bNo longer so\b/,
  /; (?:noticed|closed) by\b/,
  /\bI do not send an alert\b/,
  /\b(?:is over|is back|is on it|has it|waits to be revealed) since\b/,
  /\bgave it to\b/,
  /\bhears of\b/,
  /\bWho looks after\b/,
  /\bbring \{\} up again\b/,
  /\bBy the clock of\b/,
  /\bIt is time\b|\bit was time\b/,
  /\btakes the name\b/,
  /\bnot switched by then\b/,
  /\bhas to do with \{\}/,
  /\bElse a manager\b/,
  /\bstands? in (?:the|\{\})/,
  /\bwith grace\b/,
  /\bgiven anew\b/,
  /\bWhat nobody confirms\b/,
  /\bwaits? for your answer\b/,
  /\bhas no question\b/,
  /\bHow it goes\b/,
  /\bWhat you set holds\b/,
  /\bis only told\b/,
  /\bwith neither network nor client\b/,
  /\bstays one\b/,
  /\bmade the successor\b/,
  /\bcame by it\b/,
  /\bMost at once\b/,
  /\bfor want of\b/,
  /\bdatabase (?:is|was) out\b/,
  // The end of a key has one verb: revoke.
  /\bkeys?\b.*\bfor good\b|\bat once, for good\b/,
  /\b[Dd]elet(?:e|ed) (?:a|the|this|your|of) key|^Delete$/,
  /\bKeys are for members\b/,
]

test('the list of all sentences is what the source says; UPDATE_SENTENCES=1 renews it', () => {
  if (process.env.UPDATE_SENTENCES) writeFileSync(file, written)
  expect(sentences.length).toBeGreaterThan(500)
  expect(readFileSync(file, 'utf8')).toBe(written)
})

test('no sentence has a wording that people stumbled over', () => {
  const found = sentences.flatMap((sentence) =>
    former.filter((wording) => wording.test(sentence)).map((wording) => `${wording}: ${sentence}`),
  )
  expect(found).toEqual([])
})

test('no sentence ends with a hint, whose three dots a full stop would follow', () => {
  const found: string[] = []
  for (const { path, statements } of parse(readTree('src/slack', 'src/keys', 'src/rotation', 'src/audit')))
    for (const { node } of nodesIn(statements)) {
      if (node.type !== 'TemplateLiteral') continue
      const quasis = node.quasis as { value: { cooked: string } }[]
      const values = node.expressions as {
        type: string
        callee?: { name?: string }
        properties?: unknown[]
      }[]
      values.forEach((value, i) => {
        const isHint = value.type === 'CallExpression' && value.callee?.name === 'hintOf'
        if (isHint && quasis[i + 1]!.value.cooked.startsWith('.'))
          found.push(`${path}: ${quasis[i]!.value.cooked}`)
      })
    }
  expect(found).toEqual([])
})
