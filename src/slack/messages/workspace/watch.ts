import type { ModalView } from '@slack/types'
import { say } from '../../../foundation/words.ts'
import { versionOf } from '../../../policy/policy.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { form, input, notice } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'

/** The dialog of the channels in which whole keys are noticed. */
export const watchForm = (workspace: Workspace): ModalView =>
  form('Watched channels', 'Save', 'watch.set', ref(workspace.id, versionOf(workspace.policy)), [
    sentenceBlock(
      say`When a whole key of yours is posted in one of these channels, its author and those in charge learn of it at once. What happens to the key: ${{ code: '/keys policy leaked' }}. Of messages I keep nothing.`,
    ),
    input(
      'channels',
      'Channels',
      {
        type: 'multi_conversations_select',
        filter: { include: ['public', 'private'], exclude_bot_users: true },
        ...(workspace.policy.watchedChannels.length > 0
          ? { initial_conversations: workspace.policy.watchedChannels }
          : {}),
      },
      { optional: true, hint: 'The app needs the lines of its manifest that say watch.' },
    ),
  ])

/** `uninvited`: chosen channels to which a member must invite the bot. */
export const watchedView = (channels: number, uninvited: readonly string[]): ModalView =>
  notice('Watched channels', [
    sentenceBlock(
      channels === 0 ? say`I watch no channel.` : say`I watch ${count(channels, 'channel')} for whole keys.`,
    ),
    ...uninvited.map((channel) =>
      sentenceBlock(
        say`I am not in ${{ name: `#${channel}` }}. Type there: ${{ code: '/invite @Keywarden' }}.`,
      ),
    ),
  ])
