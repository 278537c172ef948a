import type { Button, KnownBlock, ModalView } from '@slack/types'
import type { Expectation } from '../../../anomaly/expectations.ts'
import type { RecordedEvent } from '../../../audit/list.ts'
import { dayMs } from '../../../foundation/time.ts'
import { join, type Phrase, say, who } from '../../../foundation/words.ts'
import type { KeyWithUsage } from '../../../keys/key.ts'
import type { Relative } from '../../../keys/lineage.ts'
import { cannotReplace } from '../../../keys/replace.ts'
import type { Actor } from '../../../members/actor.ts'
import { may } from '../../../policy/may.ts'
import type { Rotation } from '../../../rotation/rotation.ts'
import { actions, button, context, go, header, notice } from '../../blocks.ts'
import { isolate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { expectationBlocks } from '../alerts/expected.ts'
import { count, keyLine } from './key.ts'
import { revealButton } from './reveal.ts'
import { replaceButton } from './show-once.ts'

export type About = {
  history: readonly Phrase[]
  /** the unusual use that was marked as expected */
  expected: readonly Expectation[]
  lineage: { before: readonly Relative[]; after: readonly Relative[] }
  running?: Rotation | undefined
  /** when somebody last said that it is still needed */
  needed?: RecordedEvent | undefined
}

/** The key's page: status, use and history. */
export function keyView(key: KeyWithUsage, about: About, actor: Actor, now: Date): ModalView {
  const { history, expected, lineage, running, needed } = about
  const mayForget = may(actor, 'use.expect', { workspaceId: key.workspaceId, ownerId: key.ownerId })
  return notice('Key', [
    header(isolate(key.name)),
    context(keyLine(key, now)),
    ...(key.description ? [sentenceBlock(say`${key.description}`)] : []),
    sentenceBlock(facts(key)),
    sentenceBlock(usage(key, now)),
    ...(needed ? [sentenceBlock(neededLine(needed))] : []),
    ...line(lineage).map(sentenceBlock),
    ...(running ? [actions(openRotation(key, running))] : []),
    ...buttons(key, actor, now),
    ...expectationBlocks(key, expected, mayForget),
    ...(history.length > 0 ? [{ type: 'divider' } as const, sentenceBlock(join(history, '\n'))] : []),
  ])
}

function facts(key: KeyWithUsage): Phrase {
  const integration = key.integration ? say` For ${{ name: key.integration }}.` : ''
  const revealed = key.revealedBy
    ? say` Revealed by ${{ user: key.revealedBy }} on ${{ moment: key.revealedAt! }}.`
    : ''
  const networks = key.allowedNetworks.length > 0 ? say` Only from ${key.allowedNetworks.join(', ')}.` : ''
  const limit = key.limitPerMinute ? say` At most ${key.limitPerMinute} requests a minute.` : ''
  return say`Scopes: ${key.scopes.join(', ')}.${networks}${limit}${integration} Owner ${{ user: key.ownerId }}.${revealed}`
}

/** Names the person who said last that the key is still needed, and why. */
function neededLine({ actor, at, details: { reason } }: RecordedEvent): Phrase {
  const why = typeof reason === 'string' && reason !== '' ? say`: ${{ name: reason }}` : ''
  return say`Still needed, ${who(actor.id)} said on ${{ day: at }}${why}`
}

/** The key's predecessor and successor. */
function line({ before, after }: About['lineage']): Phrase[] {
  return [
    ...(before.length > 0 ? [say`Before it: ${join(before.map(relative), ', ')}.`] : []),
    ...(after.length > 0 ? [say`After it: ${join(after.map(relative), ', ')}.`] : []),
  ]
}

function relative({ hint, status, revealedAt, statusChangedAt }: Relative): Phrase {
  const called: Phrase = hint ? [{ code: hint }] : ['a new key']
  if (status === 'unrevealed') return say`${called}, which waits to be revealed`
  const since = revealedAt ? say` of ${{ day: revealedAt }}` : ''
  return status === 'revoked'
    ? say`${called}${since}, revoked on ${{ day: statusChangedAt }}`
    : say`${called}${since}, ${status}`
}

const openRotation = (key: KeyWithUsage, running: Rotation): Button =>
  button('Open rotation', 'rotation.open', ref(key.workspaceId, running.id), {
    label: `Open the rotation of ${key.name}`,
  })

function usage(key: KeyWithUsage, now: Date): Phrase {
  if (!key.lastUsedAt) return say`No request so far.`
  const idle = Math.floor((now.getTime() - key.lastUsedAt.getTime()) / dayMs)
  const quiet = idle > 0 ? say` (${count(idle, 'day')} ago)` : ''
  return say`${count(key.requests, 'request')}, the last on ${{ moment: key.lastUsedAt }}${quiet}.`
}

function buttons(key: KeyWithUsage, actor: Actor, now: Date): KnownBlock[] {
  const subject = { workspaceId: key.workspaceId, ownerId: key.ownerId }
  const own = ownButtons(key, actor, now)
  if (key.status === 'revoked' || !may(actor, 'key.edit', subject))
    return own.length > 0 ? [actions(...own)] : []
  return [
    actions(
      ...own,
      go('Edit', 'edit', key),
      ...(key.status === 'active' ? [go('Deactivate', 'deactivate', key)] : []),
      ...(key.status === 'inactive' ? [go('Activate', 'activate', key)] : []),
      ...(key.hint && !key.successorId ? [go('Rotate', 'rotate', key)] : []),
      go('Revoke', 'revoke', key, { style: 'danger' }),
    ),
  ]
}

/** The owner's buttons: reveal the token, or replace it while it is unused. */
function ownButtons(key: KeyWithUsage, actor: Actor, now: Date): Button[] {
  if (key.status === 'unrevealed') return key.ownerId === actor.id ? [revealButton(key)] : []
  return cannotReplace(key, actor.id, key.lastUsedAt !== null, now) ? [] : [replaceButton(key)]
}
