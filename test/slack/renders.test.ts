import { contentOf } from 'local-slack/validate/message'
import { validView } from 'local-slack/validate/view'
import { describe, expect, test } from 'vitest'
import fc from '../setup/seeded.ts'
import { type AstNode, parse, readTree } from '../structure/source.ts'
import { builders, type Rendered } from './renders/builders.ts'
import { rawId } from './renders/words.ts'

/** All together; `bin/faults renders` asks for more. */
const renders = Number(process.env.RENDERS ?? 4_000)
const each = Math.ceil(renders / Object.keys(builders).length)

describe('whatever there is to show, Slack takes it', () => {
  for (const [name, { arbitrary, render }] of Object.entries(builders))
    test(name, { timeout: 600_000 }, () => {
      fc.assert(
        fc.property(arbitrary, (state) => {
          const rendered = render(state)
          accepted(rendered)
          if ('text' in rendered) expect(problemsOf(rendered.text)).toEqual([])
        }),
        { numRuns: each },
      )
    })
})

const halves = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

function accepted(rendered: Rendered): void {
  if ('text' in rendered) {
    contentOf(rendered)
    expect(rendered.blocks.length).toBeLessThanOrEqual(50)
    expect(rendered.text.trim()).not.toBe('')
    // What is longer cannot be edited.
    expect(rendered.text.length).toBeLessThanOrEqual(4_000)
  } else validView(rendered, rendered.type)
  // Half a character, which is left when one is cut in two.
  JSON.stringify(rendered, (_name, value) => {
    if (typeof value === 'string') expect(value).not.toMatch(halves)
    return value
  })
}

/** What makes the text of a notification unfit to be read: ids for people and things, markup, directions. */
function problemsOf(text: string): string[] {
  const isolated = text.replace(/\u2068[^\u2066-\u2069\u202a-\u202e]*\u2069/g, '')
  const rest = isolated.replace(/<@[UW][A-Z0-9]+>/g, '')
  return [
    ...(rawId.test(text.replace(/<@[UW][A-Z0-9]+>/g, '')) ? [`an id stands in: ${text}`] : []),
    ...(/[<>]/.test(rest) ? [`markup stands in: ${text}`] : []),
    ...(/[\p{Script=Hebrew}\p{Script=Arabic}\u2066-\u2069\u202a-\u202e]/u.test(rest)
      ? [`a direction is not isolated in: ${text}`]
      : []),
  ]
}

test('every exported builder is rendered here, by its name', () => {
  const found = parse(readTree('src/slack/messages')).flatMap(({ statements }) =>
    statements.flatMap(exported),
  )
  const untyped = found.filter(({ returns }) => returns === undefined).map(({ name }) => name)
  expect(untyped.sort()).toEqual(['activateAgain', 'replaceButton', 'revealButton'])
  const names = found.filter(({ returns }) => /^(Message|ModalView|HomeView)$/.test(returns ?? ''))
  expect(Object.keys(builders).sort()).toEqual([...new Set(names.map(({ name }) => name))].sort())
})

type Exported = { name: string; returns: string | undefined }

/** The functions that a statement exports, with the name of the type that they say they return. */
function exported(statement: AstNode): Exported[] {
  if (statement.type !== 'ExportNamedDeclaration') return []
  const declaration = statement.declaration as AstNode | null
  if (declaration?.type === 'FunctionDeclaration') return [signature(declaration.id, declaration)]
  if (declaration?.type !== 'VariableDeclaration') return []
  return (declaration.declarations as AstNode[]).flatMap(({ id, init }) => {
    const made = init as AstNode | null
    return made?.type === 'ArrowFunctionExpression' ? [signature(id, made)] : []
  })
}

function signature(id: unknown, { returnType }: AstNode): Exported {
  const annotation = (returnType as { typeAnnotation?: AstNode } | null)?.typeAnnotation
  const name = (annotation?.typeName as { name?: string } | undefined)?.name
  return { name: (id as { name: string }).name, returns: annotation && (name ?? annotation.type) }
}
