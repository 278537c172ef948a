/** Times and people in Slack's mrkdwn, which shows each reader their own zone and the current name. */

/** An actor's name as a person reads it: `<@U…>` for a Slack user, words for a job or the shell. */
export function mention(actorName: string): string {
  if (/^[UW][A-Z0-9]+$/.test(actorName)) return `<@${actorName}>`
  const [kind, id] = actorName.split(':')
  return kind === 'operator' ? `An operator (${id})` : 'Keywarden'
}

/** A moment in the reader's zone; the fallback, for clients that cannot, says UTC. */
export const moment = (at: Date): string =>
  `<!date^${seconds(at)}^on {date_short_pretty} at {time}|on ${utc(at)}>`

/** A calendar day in the reader's zone. */
export const day = (at: Date): string =>
  `<!date^${seconds(at)}^{date_short_pretty}|${at.toISOString().slice(0, 10)}>`

export const seconds = (at: Date): number => Math.floor(at.getTime() / 1000)

const utc = (at: Date) => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
