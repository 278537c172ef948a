import type { KnownBlock, ModalView } from '@slack/types'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import type { KeyWithUsage } from '../../../keys/key.ts'
import { maxKeys } from '../../../rotation/campaign.ts'
import type { Reason } from '../../../rotation/rotation.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { form, input, notice, option, select, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'
import { reasonInput } from './rotate.ts'

export const choices = ['overdue', 'expiring', 'integration', 'owner', 'words'] as const
export type Choice = (typeof choices)[number]

const choiceWords: Record<Choice, string> = {
  overdue: 'Due for rotation',
  expiring: 'Ending within 30 days',
  integration: 'Of an integration',
  owner: 'Of an owner',
  words: 'With words in the name',
}

export type CampaignProps = {
  workspace: Workspace
  choice: Choice
  /** the integration, owner or words; empty until chosen */
  of: string
  reason: Reason
  integrations: readonly string[]
  /** the selected keys; undefined while the choice is incomplete */
  keys: readonly KeyWithUsage[] | undefined
}

const maxNamed = 20

/** The form: which keys, the reason, and the keys' names. */
export const campaignForm = (props: CampaignProps): ModalView =>
  form('Rotate keys', 'Start rotations', 'rotation.campaign', ref(props.workspace.id, 'campaign'), [
    input(
      'which',
      'Which keys',
      select(
        choices.map((choice) => option(choiceWords[choice], choice)),
        props.choice,
      ),
      { redraws: 'campaign' },
    ),
    ...ofInput(props),
    reasonInput('campaign', props.reason),
    ...(props.reason === 'leaver'
      ? [input('owner', 'Who takes over', { type: 'users_select' }, { hint: 'They reveal the new keys.' })]
      : []),
    sentenceBlock(preview(props)),
  ])

function ofInput({ choice, of, integrations }: CampaignProps): KnownBlock[] {
  const redraws = { redraws: 'campaign' }
  if (choice === 'integration') {
    const options = integrations.map((one) => option(one, one.slice(0, 75).replace(/[\uD800-\uDBFF]$/, '')))
    if (options.length === 0) return [sentenceBlock(say`No live key names an integration.`)]
    return [input('of', 'Integration', select(options, of), redraws)]
  }
  if (choice === 'owner') {
    const chosen = /^[UW][A-Z0-9]+$/.test(of) ? { initial_user: of } : {}
    return [input('of', 'Owner', { type: 'users_select', ...chosen }, redraws)]
  }
  if (choice !== 'words') return []
  return [
    input(
      'of',
      'Words',
      {
        ...textInput({ hintText: 'salesforce', ...(of ? { initial_value: of } : {}) }),
        dispatch_action_config: { trigger_actions_on: ['on_enter_pressed'] },
      },
      { ...redraws, hint: 'Press Enter to see which keys these are.' },
    ),
  ]
}

function preview({ keys, reason }: CampaignProps): Phrase {
  if (!keys) return say`Choose, and I show which keys these are.`
  if (keys.length === 0) return say`No key is left to rotate there.`
  const named = keys.slice(0, maxNamed).map(({ name }): Phrase => [{ name }])
  const more = keys.length - named.length
  const rest = more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''
  const limit = keys.length === maxKeys ? ' I begin with these; do it again for the rest.' : ''
  const what =
    reason === 'compromised'
      ? say`⚠️ ${count(keys.length, 'key is', 'keys are')} refused as soon as ${keys.length === 1 ? 'its rotation starts' : 'their rotations start'}`
      : say`${count(keys.length, 'key')}`
  return say`${what}: ${join(named, ', ')}${rest}.${limit} Each owner reveals their own; one message in the alert channel tells how far all of them are.`
}

/** The keys are only written down so far: the rotations start one after another, and some may be skipped. */
export const campaignBegunView = (title: string, channel: string): ModalView =>
  notice('Rotations are starting', [
    sentenceBlock(say`${{ name: title }}: ${{ name: `#${channel}` }} shows how far each is.`),
  ])
