import { get, has } from 'node-emoji'

/** Slack's names that the package knows under another one. */
const SLACK_NAMES: Record<string, string> = {
  large_green_circle: '🟢',
  large_yellow_circle: '🟡',
  large_orange_circle: '🟠',
  large_purple_circle: '🟣',
  double_vertical_bar: '⏸️',
  spiral_calendar_pad: '🗓️',
  thumbsup: '👍',
  thumbsdown: '👎',
}

export function isEmoji(name: string): boolean {
  return name in SLACK_NAMES || has(name)
}

/** The character for a name as written between colons, or the name in colons if there is none. */
export function emojiCharacter(name: string): string {
  return SLACK_NAMES[name] ?? get(name) ?? `:${name}:`
}
