import type { KnownBlock, ModalView } from '@slack/types'
import { type Message, plainText } from './blocks.ts'
import type { Caller } from './caller.ts'
import type { Interaction } from './interaction.ts'
import { isolate } from './phrase.ts'

/** The most blocks that Slack takes. */
const maxInView = 100
const maxInMessage = 50

/**
 * The ways to answer, each naming the workspace where the person has several: the same name may be a key's in both. A
 * dialog that lets its workspace be chosen names it already.
 */
export function namingWorkspace<T extends Pick<Interaction, 'show' | 'say'>>(ways: T, caller: Caller): T {
  const { workspace, workspaces } = caller
  if (workspaces.length < 2) return ways
  const line: KnownBlock = {
    type: 'context',
    elements: [plainText(`Workspace: ${isolate(workspace.name)}`)],
  }
  const named = (blocks: KnownBlock[], max: number) =>
    blocks.length >= max || blocks.some((block) => block.block_id === 'workspace')
      ? blocks
      : [line, ...blocks]
  return {
    ...ways,
    show: (view: ModalView) => ways.show({ ...view, blocks: named(view.blocks as KnownBlock[], maxInView) }),
    say: (message: Message, options?: { replace?: boolean }) =>
      ways.say({ ...message, blocks: named(message.blocks, maxInMessage) }, options),
  }
}
