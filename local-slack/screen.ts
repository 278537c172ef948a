import type { KnownBlock } from '@slack/types'
import { isMember } from './channels.ts'
import type { Slack } from './context.ts'
import type { Message, ModalView, Person, Screen } from './contract.ts'
import { type Fields, fieldsAt } from './fields.ts'
import { seenBy } from './files.ts'
import { isReadOnly } from './interaction/say.ts'
import { messagesIn } from './messages.ts'
import type { StoredMessage, StoredView, World } from './state.ts'
import { blocksOf, stackOf } from './views.ts'

const shown = 200

/** Blocks that passed validation, in the words of @slack/types (which lacks the newest ones). */
function asKnown(blocks: Fields[]): KnownBlock[] {
  return blocks as unknown as KnownBlock[]
}

function shownMessage(slack: Slack, person: string, message: StoredMessage): Message {
  const {
    attachments,
    fileIds,
    onlyFor: _only,
    isTombstone: _tombstone,
    executionId: _execution,
    ...rest
  } = message
  const files = fileIds.map((id) => {
    const { name, title } = slack.world.files.get(id)!
    return { id, name, title, url: `${slack.url}/files/${id}` }
  })
  const attached = attachments.flatMap((one) => (Array.isArray(one.blocks) ? (one.blocks as Fields[]) : []))
  return {
    ...rest,
    blocks: asKnown(seenBy(slack.world, person, [...message.blocks, ...attached])),
    ...(files.length > 0 ? { files } : {}),
  }
}

function shownModal(world: World, view: StoredView): ModalView {
  const { fields } = view
  const submit = fieldsAt(fields, 'submit').text
  return {
    id: view.id,
    callbackId: String(fields.callback_id ?? ''),
    title: String(fieldsAt(fields, 'title').text),
    ...(submit === undefined ? {} : { submit: String(submit) }),
    close: String(fieldsAt(fields, 'close').text ?? (view.previousId === null ? 'Cancel' : 'Back')),
    blocks: asKnown(seenBy(world, view.user, blocksOf(view))),
    values: view.values,
    errors: view.errors,
    hash: view.hash,
  }
}

/** All that one person sees at this moment; ephemeral messages and DMs of others are not in it. */
export function screenOf(slack: Slack, person: Person): Screen {
  const { world } = slack
  const channels = [...world.channels.values()].filter((one) => isMember(one, person.id))
  const messages = channels.map((channel): [string, Message[]] => {
    const seen = messagesIn(world, channel.id).filter((one) => (one.onlyFor ?? person.id) === person.id)
    return [channel.id, seen.slice(-shown).map((one) => shownMessage(slack, person.id, one))]
  })
  const home = world.homes.get(person.id)
  return {
    version: world.version,
    now: slack.clock.now().toISOString(),
    person,
    team: world.team,
    channels: channels.map((one) => (isReadOnly(slack, one) ? { ...one, readOnly: true } : one)),
    messages: Object.fromEntries(messages),
    modals: stackOf(world, person.id).map((one) => shownModal(world, one)),
    home: home
      ? {
          id: home.id,
          hash: home.hash,
          blocks: asKnown(seenBy(world, person.id, blocksOf(home))),
          values: home.values,
        }
      : null,
  }
}
