import { contentOf } from 'local-slack/validate/message'
import { expect, test } from 'vitest'
import { samples } from '../../src/slack/live/samples.ts'
import { type AstNode, nodesIn, parse, readTree } from '../structure/source.ts'

const tried = samples('U0ADA00001', new Date('2026-11-25T10:00:00Z'))

/** The values of `type` in objects that these sources write out. */
function typesIn(path: (name: string) => boolean): Set<string> {
  const sources = parse(readTree('src/slack')).filter((source) => path(source.path))
  const types = sources.flatMap(({ statements }) =>
    [...nodesIn(statements)].flatMap(({ node }) => {
      const { key, value } = node as { key?: AstNode; value?: AstNode }
      if (node.type !== 'Property' || key?.name !== 'type') return []
      // Written as a literal, or `'table' as const`.
      const literal = (value?.expression as AstNode | undefined) ?? value
      return typeof literal?.value === 'string' ? [literal.value] : []
    }),
  )
  return new Set(types)
}

function typesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = (value as { type?: unknown }).type
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(value).flatMap(typesOf)]
}

/** Not in messages: views, what stands in them alone, and what Slack delivers. */
const elsewhere = [
  ...['modal', 'home', 'input', 'plain_text_input', 'static_select', 'checkboxes', 'timepicker'],
  ...['users_select', 'conversations_select', 'multi_conversations_select', 'datepicker'],
  ...['block_actions', 'view_submission', 'view_closed'],
]

test('doctor --live tries every kind of block and element that the product puts into messages', () => {
  const used = typesIn((path) => !path.startsWith('src/slack/live/'))
  expect(used.size).toBeGreaterThan(20)
  const sampled = new Set([...tried.flatMap(({ blocks }) => typesOf(blocks)), 'image'])
  expect([...used].filter((type) => !sampled.has(type) && !elsewhere.includes(type))).toEqual([])
  expect(elsewhere.filter((type) => !used.has(type) || sampled.has(type))).toEqual([])
})

test('it tries every kind of chart that the product draws', () => {
  const calls = parse(readTree('src/slack'))
    .filter(({ path }) => !path.startsWith('src/slack/live/'))
    .flatMap(({ statements }) => [...nodesIn(statements)])
    .filter(({ node }) => node.type === 'CallExpression' && (node.callee as AstNode).name === 'chart')
  const kinds = calls.map(({ node }) => (node.arguments as AstNode[])[0]!.value)
  const sampled = tried.flatMap(({ what }) => /^data_visualization \((\w+)\)$/.exec(what)?.[1] ?? [])
  expect([...new Set(kinds)].toSorted()).toEqual(sampled.toSorted())
})

test.each(tried)(
  'the sample $what follows the rules of messages and holds no second kind of block',
  ({ blocks }) => {
    expect(contentOf({ text: 'a sample', blocks }).blocks).toHaveLength(blocks.length)
    expect(new Set(blocks.map(({ type }) => type)).size).toBeLessThanOrEqual(1)
  },
)
