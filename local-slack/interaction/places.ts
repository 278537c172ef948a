import type { Slack } from '../context.ts'
import type { InputValues, Person, Place } from '../contract.ts'
import type { Fields } from '../fields.ts'
import { presets, stateValues } from '../inputs.ts'
import { messageObject, messagesIn } from '../messages.ts'
import { Impossible } from '../refusal.ts'
import { changed, type StoredMessage, type StoredView } from '../state.ts'
import { blocksOf, stackOf, viewObject } from '../views.ts'
import { theirChannel } from './command.ts'
import { channelName, responseUrl } from './payloads.ts'

/** Something with controls on a person's screen. */
export type Surface = {
  blocks: Fields[]
  values: InputValues
  keep(values: InputValues): void
  /** what a block_actions payload says of the place, after the values are kept */
  payload(): Fields
}

function viewSurface(slack: Slack, view: StoredView): Surface {
  return {
    blocks: blocksOf(view),
    values: view.values,
    keep(values) {
      view.values = values
      changed(slack.world)
    },
    payload: () => ({
      container: { type: 'view', view_id: view.id },
      view: viewObject(slack.world, view),
    }),
  }
}

/** A button posted by a custom step carries the run that it belongs to. */
function stepPart(slack: Slack, message: StoredMessage): Fields {
  const execution = slack.executions.get(message.executionId ?? '')
  if (!execution) return {}
  const { id, callbackId, inputs, token } = execution
  return {
    function_data: { execution_id: id, function: { callback_id: callbackId }, inputs },
    bot_access_token: token,
  }
}

function messagePayload(slack: Slack, person: Person, message: StoredMessage, values: InputValues): Fields {
  const { world } = slack
  const channel = world.channels.get(message.channel)!
  const isEphemeral = message.ephemeral
  const { ts, threadTs } = message
  const origin = { ts, isEphemeral }
  return {
    container: {
      type: 'message',
      message_ts: ts,
      channel_id: channel.id,
      is_ephemeral: isEphemeral,
      ...(threadTs ? { thread_ts: threadTs } : {}),
    },
    channel: { id: channel.id, name: channelName(channel) },
    ...(isEphemeral ? {} : { message: messageObject(world, message) }),
    state: { values: stateValues(message.blocks, values) },
    ...stepPart(slack, message),
    response_url: responseUrl(slack, { channel: channel.id, user: person.id, origin, threadTs }),
  }
}

function messageSurface(slack: Slack, person: Person, at: { channel: string; ts: string }): Surface {
  const { world } = slack
  theirChannel(slack, person, at.channel)
  const message = messagesIn(world, at.channel).find((one) => one.ts === at.ts)
  if (!message || (message.onlyFor ?? person.id) !== person.id) {
    throw new Impossible(`${person.name} sees no message ${at.ts} in ${at.channel}`)
  }
  const key = `${person.id}:${at.channel}:${at.ts}`
  const surface: Surface = {
    blocks: message.blocks,
    values: { ...presets(message.blocks), ...world.chosen.get(key) },
    keep(values) {
      surface.values = values
      world.chosen.set(key, values)
    },
    payload: () => messagePayload(slack, person, message, surface.values),
  }
  return surface
}

/** The open modal on top of a person's stack, or their Home. Throws when it is not theirs to use. */
export function theirView(slack: Slack, person: Person, id: string): StoredView {
  const home = slack.world.homes.get(person.id)
  if (home?.id === id) return home
  const top = stackOf(slack.world, person.id).at(-1)
  if (top?.id !== id) throw new Impossible(`${person.name} does not have view ${id} in front of them`)
  return top
}

/** The place a person names. Throws when they cannot see it. */
export function surfaceAt(slack: Slack, person: Person, place: Place): Surface {
  return 'view' in place
    ? viewSurface(slack, theirView(slack, person, place.view))
    : messageSurface(slack, person, place.message)
}
