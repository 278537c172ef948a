import { isMember } from '../channels.ts'
import type { Slack } from '../context.ts'
import type { CommandRequest, Delivered, Person } from '../contract.ts'
import { deliver } from '../delivery/delivery.ts'
import { type Fields, isFields } from '../fields.ts'
import { post } from '../messages.ts'
import { Impossible, Refusal } from '../refusal.ts'
import { contentOf, saysSomething } from '../validate/message.ts'
import { commandPayload } from './payloads.ts'

/** The channel in which a person acts. Throws when they are not in it. */
export function theirChannel(slack: Slack, person: Person, id: string) {
  const channel = slack.world.channels.get(id)
  if (!channel || !isMember(channel, person.id))
    throw new Impossible(`${person.name} is not in channel ${id}`)
  return channel
}

function split(text: string): { command: string; rest: string } {
  const [, command = '', rest = ''] = /^(\/\S+)\s*([\s\S]*)$/.exec(text.trim()) ?? []
  if (command === '') throw new Impossible('A slash command begins with "/"')
  return { command, rest }
}

/** With `should_escape`, Slack writes @name and #channel as `<@U...|name>` and `<#C...|channel>`. */
function escaped({ world }: Slack, text: string): string {
  return text.replace(/(^|\s)([@#])([\w.-]+)/g, (whole, before: string, sign: string, name: string) => {
    const found = [...(sign === '@' ? world.people : world.channels).values()].find(
      (one) => one.name === name,
    )
    return found ? `${before}<${sign}${found.id}|${name}>` : whole
  })
}

/** The answer in the app's acknowledgement: nothing, a text, or a message. */
function showAnswer(slack: Slack, person: Person, channelId: string, body: unknown): Delivered {
  const answer: Fields = isFields(body) ? body : typeof body === 'string' ? { text: body } : {}
  try {
    const content = contentOf(answer, slack.refusedBlocks)
    if (!saysSomething(content)) return { ok: true }
    const channel = theirChannel(slack, person, channelId)
    const onlyFor = answer.response_type === 'in_channel' ? undefined : person.id
    post(slack.world, slack.clock.now(), { channel, user: slack.world.app.botUserId, content, onlyFor })
    return { ok: true }
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, error: 'invalid_command_response' }
    throw error
  }
}

/** A person types a slash command; answers when the app has acknowledged it. */
export async function command(slack: Slack, person: Person, request: CommandRequest): Promise<Delivered> {
  const channel = theirChannel(slack, person, request.channel)
  const { command: name, rest } = split(request.text)
  const known = slack.manifest.commands?.get(name)
  if (slack.manifest.commands && !known) return { ok: false, error: `${name} is not a valid command.` }
  if (channel.archived) return { ok: false, error: 'is_archived' }
  const payload = commandPayload(
    slack,
    person,
    channel,
    name,
    known?.shouldEscape ? escaped(slack, rest) : rest,
  )
  const outcome = await deliver(slack.delivery, 'slash_commands', payload, true)
  return outcome.ok ? showAnswer(slack, person, channel.id, outcome.body) : outcome
}
