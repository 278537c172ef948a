import { z } from 'zod'
import { withIds } from '../controls.ts'
import { type Fields, isFields } from '../fields.ts'
import { invalid, Refusal } from '../refusal.ts'
import { problemsAcross, shownCharacters } from './across.ts'
import { blocksOn } from './blocks.ts'
import { problems } from './problems.ts'

/** Measured at Slack (bolt-js issue 2509), not documented. */
const blockCharacters = 13_200
const textCharacters = 40_000

type Metadata = { event_type: string; event_payload: Fields }
export type Content = { text: string; blocks?: Fields[]; attachments?: Fields[]; metadata?: Metadata | null }

function parsed(value: unknown, refusal: string): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    throw new Refusal(refusal)
  }
}

/** Blocks, at any depth, of the types that a workspace does not have. */
function refusedTypes(value: unknown, refused: ReadonlySet<string>, path: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { type } = value as Fields
  if (typeof type === 'string' && refused.has(type))
    return [`unsupported type: ${type} [json-pointer:${path}/type]`]
  return Object.entries(value).flatMap(([key, one]) => refusedTypes(one, refused, `${path}/${key}`))
}

/**
 * Blocks for a message, ids filled in. Refuses what Slack refuses with `invalid_blocks` and its kin, and blocks of
 * the types that this workspace refuses.
 */
export function messageBlocks(value: unknown, refused: ReadonlySet<string>): Fields[] | undefined {
  const blocks = parsed(value, 'invalid_blocks_format')
  if (blocks === undefined || blocks === null) return undefined
  if (!Array.isArray(blocks) || !blocks.every(isFields)) throw new Refusal('invalid_blocks_format')
  const unsupported = refusedTypes(blocks, refused, '/blocks')
  const found = unsupported.length > 0 ? unsupported : problems(blocksOn.message, blocks, '/blocks')
  const all = found.length > 0 ? found : problemsAcross(blocks, 'message', '/blocks')
  if (all.length > 0) throw invalid('invalid_blocks', all)
  if (shownCharacters(blocks) > blockCharacters) throw new Refusal('msg_blocks_too_long')
  return withIds(blocks)
}

const metadataShape = z.strictObject({
  event_type: z.string().min(1).max(255),
  event_payload: z.record(z.string(), z.unknown()),
  entities: z.array(z.unknown()).optional(),
})

function metadataOf(value: unknown): Metadata | null | undefined {
  const metadata = parsed(value, 'invalid_metadata_format')
  if (metadata === undefined) return undefined
  if (isFields(metadata) && Object.keys(metadata).length === 0) return null
  const result = metadataShape.safeParse(metadata)
  if (!result.success) throw new Refusal('invalid_metadata_format')
  if (JSON.stringify(result.data).length > 8_000) throw new Refusal('metadata_too_large')
  return result.data
}

function attachmentsOf(value: unknown, refused: ReadonlySet<string>): Fields[] | undefined {
  const attachments = parsed(value, 'invalid_attachments')
  if (attachments === undefined || attachments === null) return undefined
  if (!Array.isArray(attachments) || !attachments.every(isFields)) throw new Refusal('invalid_attachments')
  if (attachments.length > 100) throw new Refusal('too_many_attachments')
  for (const attachment of attachments) messageBlocks(attachment.blocks, refused)
  return attachments
}

/** The content of a message, taken from arguments of chat.* or from a body for a response_url. */
export function contentOf(args: Fields, refused: ReadonlySet<string> = new Set()): Content {
  const markdown = args.markdown_text
  if (typeof markdown === 'string' && (args.text || args.blocks)) throw new Refusal('markdown_text_conflict')
  const text = typeof markdown === 'string' ? markdown : typeof args.text === 'string' ? args.text : ''
  if (text.length > (markdown === undefined ? textCharacters : 12_000)) throw new Refusal('msg_too_long')
  return {
    text,
    blocks: messageBlocks(args.blocks, refused),
    attachments: attachmentsOf(args.attachments, refused),
    metadata: metadataOf(args.metadata),
  }
}

/** Slack posts nothing that would show nothing. */
export function saysSomething(content: Content): boolean {
  return content.text !== '' || (content.blocks?.length ?? 0) > 0 || (content.attachments?.length ?? 0) > 0
}
