import type { KnownBlock } from '@slack/types'
import { describe, expect, test } from 'vitest'
import type { Fields } from '../fields.ts'
import { Refusal } from '../refusal.ts'
import { contentOf } from '../validate/message.ts'
import { validView } from '../validate/view.ts'
import { plain } from './bolt.ts'

const long = (length: number) => 'x'.repeat(length)
const section = (text = 'a'): Fields => ({ type: 'section', text: plain(text) })
const button = (more: Fields = {}): Fields => ({
  type: 'button',
  text: plain('Go'),
  action_id: 'go',
  ...more,
})
const actions = (...elements: Fields[]): Fields => ({ type: 'actions', elements })
const option = (value: string): Fields => ({ text: plain(value), value })
const options = (count: number) => Array.from({ length: count }, (_, index) => option(`o${index}`))
const input = (element: Fields, more: Fields = {}): Fields => ({
  type: 'input',
  label: plain('L'),
  element,
  ...more,
})
const typed = (more: Fields = {}) => input({ type: 'plain_text_input', action_id: 'a', ...more })
const raw = (text: string) => ({ type: 'raw_text', text })
const rich = (text: string): Fields => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }],
})
const chart = (title: string, more: Fields = {}): Fields => ({
  type: 'data_visualization',
  title,
  chart: { type: 'pie', segments: [{ label: 'read', value: 3 }] },
  ...more,
})
const line = (categories: string[], labels: string[]): Fields => ({
  type: 'line',
  series: [{ name: 'requests', data: labels.map((label, value) => ({ label, value })) }],
  axis_config: { categories },
})
const modal = (blocks: Fields[], more: Fields = {}): Fields => ({
  type: 'modal',
  title: plain('T'),
  submit: plain('S'),
  blocks,
  ...more,
})

function refusal(attempt: () => unknown): string {
  try {
    attempt()
    return 'taken'
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { messages } = (error.beside.response_metadata ?? {}) as { messages?: string[] }
    return [error.error, ...(messages ?? [])].join(' ')
  }
}
const posted = (...blocks: Fields[]) => refusal(() => contentOf({ blocks: JSON.stringify(blocks) }))
const opened = (...blocks: Fields[]) => refusal(() => validView(modal(blocks), 'modal'))
const published = (...blocks: Fields[]) => refusal(() => validView({ type: 'home', blocks }, 'home'))

describe('a message is refused', () => {
  test.each<[string, Fields[], string]>([
    [
      'with an empty section',
      [section('')],
      'must be more than 0 characters [json-pointer:/blocks/0/text/text]',
    ],
    ['with a section over 3000 characters', [section(long(3001))], 'must be less than 3001 characters'],
    ['with a section of nothing', [{ type: 'section' }], 'must define either `text` or `fields`'],
    ['with 11 fields', [{ type: 'section', fields: Array(11).fill(plain('a')) }], 'no more than 10 items'],
    [
      'with a header over 150',
      [{ type: 'header', text: plain(long(151)) }],
      'must be less than 151 characters',
    ],
    [
      'with a header in mrkdwn',
      [{ type: 'header', text: { type: 'mrkdwn', text: 'a' } }],
      'must be one of: plain_text',
    ],
    [
      'with 51 blocks',
      Array(51).fill({ type: 'divider' }),
      'no more than 50 items allowed [json-pointer:/blocks]',
    ],
    [
      'with an unknown block',
      [{ type: 'marquee' }],
      'unsupported type: marquee [json-pointer:/blocks/0/type]',
    ],
    ['with an unknown element', [actions({ type: 'dial' })], 'unsupported type: dial'],
    ['with an unknown property', [{ ...section(), colour: 'red' }], 'invalid additional property: colour'],
    [
      'with a disabled button',
      [actions(button({ disabled: true }))],
      'invalid additional property: disabled',
    ],
    ['with no element', [{ type: 'actions' }], 'missing required field: elements [json-pointer:/blocks/0]'],
    [
      'with 26 buttons',
      [actions(...Array.from({ length: 26 }, (_, i) => button({ action_id: `b${i}` })))],
      '25 items',
    ],
    ['with a label over 75', [actions(button({ text: plain(long(76)) }))], 'must be less than 76 characters'],
    ['with a value over 2000', [actions(button({ value: long(2001) }))], 'must be less than 2001 characters'],
    ['with a third style', [actions(button({ style: 'default' }))], 'must be one of: primary, danger'],
    [
      'with two block ids alike',
      [
        { ...section(), block_id: 'b' },
        { ...section(), block_id: 'b' },
      ],
      'already exists',
    ],
    [
      'with two action ids alike in a block',
      [actions(button(), button())],
      '`action_id` "go" already exists',
    ],
    [
      'with 101 options',
      [actions({ type: 'static_select', options: options(101) })],
      'no more than 100 items',
    ],
    ['with no options', [actions({ type: 'static_select', options: [] })], 'must provide at least 1 items'],
    [
      'with six in an overflow menu',
      [actions({ type: 'overflow', options: options(6) })],
      'no more than 5 items',
    ],
    [
      'with eleven checkboxes',
      [actions({ type: 'checkboxes', options: options(11) })],
      'no more than 10 items',
    ],
    [
      'with eleven in a context',
      [{ type: 'context', elements: Array(11).fill(plain('a')) }],
      'no more than 10 items',
    ],
    [
      'with an image from two places',
      [{ type: 'image', alt_text: 'a', image_url: 'https://a.b/c.png', slack_file: { id: 'F1' } }],
      'must define either `image_url` or `slack_file`',
    ],
    [
      'with an image without words',
      [{ type: 'image', image_url: 'https://a.b/c.png' }],
      'missing required field: alt_text',
    ],
    ['with an alert', [{ type: 'alert', text: plain('a') }], 'unsupported type: alert'],
    [
      'with an input for email',
      [input({ type: 'email_text_input', action_id: 'a' })],
      'unsupported type: email_text_input',
    ],
    [
      'with an input for rich text',
      [input({ type: 'rich_text_input', action_id: 'a' })],
      'unsupported type: rich_text_input',
    ],
    ['with empty rich text', [rich('')], 'must be more than 0 characters'],
    [
      'with two tables',
      [
        { type: 'table', rows: [[raw('a')]] },
        { type: 'table', rows: [[raw('a')]] },
      ],
      'only_one_table_allowed',
    ],
    [
      'with a table of 101 rows',
      [{ type: 'table', rows: Array(101).fill([raw('a')]) }],
      'no more than 100 items',
    ],
    [
      'with a table of 21 columns',
      [{ type: 'table', rows: [Array(21).fill(raw('a'))] }],
      'no more than 20 items',
    ],
    [
      'with a data table without caption',
      [{ type: 'data_table', rows: [[raw('a')], [raw('b')]] }],
      'missing required field: caption',
    ],
    [
      'with a data table of a header only',
      [{ type: 'data_table', caption: 'c', rows: [[raw('a')]] }],
      'must be more than 1 items',
    ],
    [
      'with a ragged data table',
      [{ type: 'data_table', caption: 'c', rows: [[raw('a')], [raw('b'), raw('c')]] }],
      'same number of values',
    ],
    [
      'with 101 rows a page',
      [{ type: 'data_table', caption: 'c', page_size: 101, rows: [[raw('a')], [raw('b')]] }],
      'less than or equal to 100',
    ],
    ['with a chart title over 50', [chart(long(51))], 'must be less than 51 characters'],
    ['with three charts', [chart('a'), chart('b'), chart('c')], 'no more than 2 data_visualization'],
    [
      'with a doughnut',
      [chart('a', { chart: { type: 'doughnut', segments: [] } })],
      'unsupported type: doughnut',
    ],
    [
      'with a point off the axis',
      [chart('a', { chart: line(['Mon'], ['Tue']) })],
      'must match `axis_config.categories`',
    ],
    [
      'with markdown over 12000',
      [{ type: 'markdown', text: long(12_001) }],
      'must be less than 12001 characters',
    ],
    [
      'with eleven children in a container',
      [{ type: 'container', title: plain('c'), child_blocks: Array(11).fill(section()) }],
      'no more than 10 items',
    ],
    [
      'with a container in a container',
      [
        {
          type: 'container',
          title: plain('c'),
          child_blocks: [{ type: 'container', title: plain('d'), child_blocks: [section()] }],
        },
      ],
      'unsupported type: container',
    ],
    ['with an empty card', [{ type: 'card' }], 'must define at least one of'],
    [
      'with a plan of unknown state',
      [
        {
          type: 'plan',
          title: 'p',
          tasks: [{ type: 'task_card', task_id: 't', title: 't', status: 'done' }],
        },
      ],
      'must be one of: pending',
    ],
    [
      'with a lone confirm title',
      [actions(button({ confirm: { title: plain('Sure') } }))],
      'missing required field: text',
    ],
    [
      'with a confirm text over 300',
      [
        actions(
          button({
            confirm: { title: plain('a'), text: plain(long(301)), confirm: plain('a'), deny: plain('b') },
          }),
        ),
      ],
      'must be less than 301',
    ],
  ])('%s', (_what, blocks, expected) => {
    const answer = posted(...blocks)
    expect(answer).toMatch(/^invalid_blocks \[ERROR\] /)
    expect(answer).toContain(expected)
  })

  test('with blocks that are no list, under a name of its own', () => {
    expect(refusal(() => contentOf({ blocks: '{"type":"section"}' }))).toBe('invalid_blocks_format')
    expect(refusal(() => contentOf({ blocks: '[{' }))).toBe('invalid_blocks_format')
  })

  test('when it is too long as a whole', () => {
    const blocks = Array.from({ length: 5 }, () => section(long(2700)))
    expect(posted(...blocks)).toBe('msg_blocks_too_long')
    expect(posted(...blocks.slice(0, 4))).toBe('taken')
    expect(refusal(() => contentOf({ text: long(40_001) }))).toBe('msg_too_long')
    expect(refusal(() => contentOf({ markdown_text: 'a', text: 'b' }))).toBe('markdown_text_conflict')
    expect(refusal(() => contentOf({ text: 'a', metadata: '{"event_type":"x"}' }))).toBe(
      'invalid_metadata_format',
    )
  })
})

test('a message takes everything that Slack takes in one', () => {
  const blocks: Fields[] = [
    { type: 'header', text: plain(long(150)) },
    section(long(3000)),
    rich('bold'),
    { type: 'divider' },
    { type: 'context', elements: [plain('a'), { type: 'mrkdwn', text: '*b*' }] },
    actions(button(), { type: 'users_select', action_id: 'u' }, { type: 'datetimepicker', action_id: 'd' }),
    {
      type: 'section',
      text: plain('a'),
      accessory: { type: 'overflow', action_id: 'o', options: options(5) },
    },
    typed(),
    { type: 'table', rows: [[raw('a'), rich('b')]], column_settings: [{ align: 'right' }] },
    chart('Requests'),
    chart('By day', { chart: line(['Mon', 'Tue'], ['Mon', 'Tue']) }),
    { type: 'markdown', text: '**a**' },
    {
      type: 'plan',
      title: 'p',
      tasks: [{ type: 'task_card', task_id: 't', title: 't', status: 'complete' }],
    },
    { type: 'context_actions', elements: [{ type: 'icon_button', icon: 'trash', text: plain('Delete') }] },
    { type: 'container', title: plain('c'), child_blocks: [section(), actions(button())] },
    {
      type: 'carousel',
      elements: [{ type: 'card', title: { type: 'mrkdwn', text: 'a' }, actions: [button()] }],
    },
    { type: 'data_table', caption: 'c', rows: [[raw('a')], [{ type: 'raw_number', value: 1, text: '1' }]] },
  ]
  const { blocks: taken } = contentOf({ blocks })
  expect(taken).toHaveLength(blocks.length)
  const ids = (taken as unknown as KnownBlock[]).map((block) => block.block_id)
  expect(new Set(ids).size).toBe(blocks.length)
})

describe('a modal is refused', () => {
  test.each<[string, Fields, string]>([
    [
      'without title',
      { type: 'modal', blocks: [section()] },
      'missing required field: title [json-pointer:/view]',
    ],
    [
      'with a title over 24',
      modal([section()], { title: plain(long(25)) }),
      'less than 25 characters [json-pointer:/view/title/text]',
    ],
    ['with a submit over 24', modal([section()], { submit: plain(long(25)) }), 'less than 25 characters'],
    [
      'with a callback_id over 255',
      modal([section()], { callback_id: long(256) }),
      'less than 256 characters',
    ],
    [
      'with private_metadata over 3000',
      modal([section()], { private_metadata: long(3001) }),
      'less than 3001',
    ],
    [
      'with an unknown property',
      modal([section()], { submit_disabled: true }),
      'invalid additional property: submit_disabled [json-pointer:/view]',
    ],
    [
      'with an input and no submit',
      { type: 'modal', title: plain('T'), blocks: [typed()] },
      '`submit` is required',
    ],
    ['with 101 blocks', modal(Array(101).fill(section())), 'no more than 100 items allowed'],
    ['with no blocks', modal([]), 'must provide at least 1 items'],
    ['as a home', { type: 'home', blocks: [section()] }, 'unsupported type: home [json-pointer:/view/type]'],
    [
      'with two focused inputs',
      modal([typed({ focus_on_load: true }), typed({ focus_on_load: true })]),
      'only one element',
    ],
  ])('%s', (_what, view, expected) => {
    const answer = refusal(() => validView(view, 'modal'))
    expect(answer).toMatch(/^invalid_arguments \[ERROR\] /)
    expect(answer).toContain(expected)
  })

  test.each<[string, Fields]>([
    ['table', { type: 'table', rows: [[raw('a')]] }],
    ['data_table', { type: 'data_table', caption: 'c', rows: [[raw('a')], [raw('b')]] }],
    ['markdown', { type: 'markdown', text: 'a' }],
    ['data_visualization', chart('a')],
    ['card', { type: 'card', title: plain('a') }],
    ['container', { type: 'container', title: plain('c'), child_blocks: [section()] }],
    ['context_actions', { type: 'context_actions', elements: [] }],
  ])('with a %s, which belongs in messages', (type, block) => {
    expect(opened(block)).toContain(`unsupported type: ${type} [json-pointer:/view/blocks/0/type]`)
  })

  test('with input limits that contradict each other', () => {
    expect(opened(typed({ min_length: 5, max_length: 3 }))).toContain('`min_length` must not exceed')
    expect(opened(typed({ max_length: 3001 }))).toContain('less than or equal to 3000')
    const number = {
      type: 'number_input',
      action_id: 'n',
      is_decimal_allowed: false,
      min_value: '5',
      max_value: '3',
    }
    expect(opened(input(number))).toContain('`min_value` must not exceed')
    const preset = { type: 'static_select', options: options(2), initial_option: option('other') }
    expect(opened(input(preset))).toContain('must exactly match an option')
  })

  test('over 250 kB', () => {
    const blocks = Array.from({ length: 95 }, () => section(long(3000)))
    expect(opened(...blocks)).toBe('view_too_large')
  })
})

test('a rich text of no characters is refused wherever it stands, and so is a Home of 101 blocks', () => {
  const rich = (element: Fields) => ({
    type: 'rich_text',
    elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'a' }, element] }],
  })
  const empty = rich({ type: 'text', text: '', style: { code: true } })
  for (const sent of [posted, opened, published])
    expect(sent(empty)).toContain('must be more than 0 characters [json-pointer:/')
  expect(posted(rich({ type: 'user', user_id: '' }))).toContain('must be more than 0 characters')
  expect(published(...Array(101).fill(section()))).toContain('no more than 100 items allowed')
  expect(published(...Array(100).fill(section()))).toBe('taken')
})

test('Home takes cards but no alert, no table and no email input', () => {
  expect(published({ type: 'card', title: { type: 'mrkdwn', text: 'a' } }, typed())).toBe('taken')
  expect(published({ type: 'alert', text: plain('a') })).toContain('unsupported type: alert')
  expect(published({ type: 'table', rows: [[raw('a')]] })).toContain('unsupported type: table')
  expect(published(actions({ type: 'datetimepicker' }))).toContain('unsupported type: datetimepicker')
  expect(opened({ type: 'alert', text: plain('a'), level: 'warning' })).toBe('taken')
})
