import type { Channel, Person } from '../contract.ts'
import { escapeText } from './mrkdwn.ts'

/**
 * Typed text as Slack sends it: escaped, with `@name` and `#name` of people and channels that exist
 * turned into mentions. A slash command's mentions carry the name too, as in Slack.
 */
export function encodeTyped(text: string, people: Person[], channels: Channel[], withNames: boolean): string {
  const label = (name: string) => (withNames ? `|${escapeText(name)}` : '')
  return escapeText(text)
    .replace(/(^|[\s(])@([\p{L}\p{N}._-]*[\p{L}\p{N}_-])/gu, (whole, before: string, name: string) => {
      const person = people.find((one) => one.name.toLowerCase() === name.toLowerCase())
      return person ? `${before}<@${person.id}${label(person.name)}>` : whole
    })
    .replace(/(^|[\s(])#([\p{L}\p{N}_-]+)/gu, (whole, before: string, name: string) => {
      const channel = channels.find((one) => one.kind !== 'dm' && one.name === name.toLowerCase())
      return channel ? `${before}<#${channel.id}${label(channel.name)}>` : whole
    })
}
