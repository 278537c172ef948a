import type { RichTextBlock } from '@slack/types'
import type { PostedCheckpoint } from '../../../alerts/put-checkpoints.ts'
import { say } from '../../../foundation/words.ts'
import { type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'

/** A checkpoint: the message of its day, or a reply to that. */
export const checkpointMessage = (checkpoint: PostedCheckpoint, isReply: boolean): Message =>
  isReply ? hourOfCheckpoints(checkpoint) : dayOfCheckpoints(checkpoint)

/** The first message of a day: what its thread holds, how to verify it, and the first checkpoint. */
const dayOfCheckpoints = (checkpoint: PostedCheckpoint): Message =>
  message(
    say`Audit of ${{ name: checkpoint.workspace }} on ${checkpoint.day}: where it ended each hour, signed, is here and in the thread.`,
    sentenceBlock(
      say`Nobody who owns the database can change what stands here. To compare: ${{ code: 'keywarden audit verify --checkpoint' }} and the line.`,
    ),
    sentenceBlock(ends(checkpoint)),
    line(checkpoint),
  )

/** The reply for a later hour of the day. */
const hourOfCheckpoints = (checkpoint: PostedCheckpoint): Message =>
  message(ends(checkpoint), line(checkpoint))

const ends = ({ seq, at }: PostedCheckpoint) => say`Event ${seq} was the last on ${{ moment: new Date(at) }}.`

/** The checkpoint to copy: one word, in a block of its own. */
const line = ({ signed }: PostedCheckpoint): RichTextBlock => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: signed }] }],
})
