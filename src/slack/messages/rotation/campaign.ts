import type { KnownBlock } from '@slack/types'
import { join, type Phrase, say, who } from '../../../foundation/words.ts'
import type { Phase } from '../../../rotation/rotation.ts'
import type { CampaignView, Tracker } from '../../../rotation/tracker.ts'
import { actions, button, context, type Message, message, plainSection } from '../../blocks.ts'
import { isolate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'
import { isUnconfirmed, nextStep, reasonWords } from './words.ts'

const maxRows = 15

const phaseWords: Record<Phase, string> = {
  safe: 'safe to finish',
  reveal: 'to reveal',
  switch: 'switching',
  silent: 'falling silent',
  finished: 'finished',
  aborted: 'aborted',
}

/** A campaign's progress: the keys per phase, and a row for each running rotation. */
export function campaignMessage(campaign: CampaignView): Message {
  const { trackers, skipped, counts } = campaign
  const running = trackers.filter(({ rotation }) => rotation.endedAt === null)
  const more = running.length - maxRows
  return message(
    title(campaign, running.length + unconfirmedIn(campaign)),
    sentenceBlock(sums(campaign)),
    ...running.slice(0, maxRows).flatMap(row),
    ...(more > 0 ? [context(`And ${more} more: \`/keys rotate NAME\` opens any of them.`)] : []),
    ...(counts.safe > 0
      ? [
          actions(
            button(
              'Finish what is safe',
              `rotation.finish-safe.${campaign.id}`,
              ref(campaign.workspaceId, campaign.id),
              {
                style: 'primary',
                label: `Finish what is safe of ${campaign.title}`,
              },
            ),
          ),
        ]
      : []),
    ...(skipped.length > 0 ? [sentenceBlock(leftAlone(campaign))] : []),
    context(`Started by ${mention(campaign.startedBy)}, because ${reasonWords[campaign.reason].because}`),
  )
}

const mention = (by: string) => {
  const piece = who(by)
  return typeof piece === 'object' && 'user' in piece ? `<@${piece.user}>` : 'Keywarden'
}

function title({ title: about, ofUserId, keys, waiting, counts }: CampaignView, open: number): Phrase {
  const which = ofUserId ? say`keys of ${{ user: ofUserId }}` : say`${{ name: about }}`
  if (open + waiting > 0) return say`Rotating ${count(keys, 'key')}: ${which}.`
  // Keys that were left alone, and aborted rotations, are over too.
  if (counts.finished === 0) return say`Ended: ${which}. No key was rotated.`
  return counts.finished < keys
    ? say`Rotated: ${which}. ${counts.finished} of ${count(keys, 'key')}.`
    : say`Rotated: ${which}. ${count(keys, 'key')}.`
}

/** Rotations of which not every server has confirmed that the key which they ended is refused. */
const unconfirmedIn = ({ trackers }: CampaignView): number =>
  trackers.filter(({ rotation }) => rotation.endedAt !== null && isUnconfirmed(rotation)).length

function sums(campaign: CampaignView): Phrase {
  const { counts, waiting, skipped } = campaign
  const parts = [
    [waiting, 'not begun yet'],
    ...(Object.keys(phaseWords) as Phase[]).map((phase) => [counts[phase], phaseWords[phase]] as const),
    [unconfirmedIn(campaign), 'of these not confirmed by every server yet'],
    [skipped.length, 'left alone'],
  ] as const
  return join(
    parts.filter(([n]) => Number(n) > 0).map(([n, words]) => say`${Number(n)} ${words}`),
    ', ',
  ).concat('.')
}

function row(tracker: Tracker): KnownBlock[] {
  const { rotation, facts, phase, day } = tracker
  return [
    plainSection(`${isolate(facts.old.name)} · ${phaseWords[phase]}`, {
      accessory: button('Open', `rotation.open.${rotation.id}`, ref(rotation.workspaceId, rotation.id), {
        label: `Open the rotation of ${facts.old.name}`,
      }),
    }),
    sentenceBlock(say`${nextStep(tracker)} Old ${day.old}, new ${day.next} requests in 24 hours.`),
  ]
}

function leftAlone({ skipped }: CampaignView): Phrase {
  const named = skipped.slice(0, 5).map(({ name, why }) => say`${{ name }}: ${why}`)
  const more = skipped.length - named.length
  return say`Left alone: ${join(named, ' ')}${more > 0 ? ` And ${more} more.` : ''}`
}
