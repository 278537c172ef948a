const SENTENCES: Record<string, string> = {
  unreachable: 'The local Slack is not answering. Is it still running?',
  dispatch_failed: 'The app could not be reached. Try again.',
  operation_timeout: 'The app did not answer in time. Try again.',
  is_archived: 'This channel is archived. Nothing more can be posted here.',
  not_in_channel: 'You are not a member of this channel.',
  channel_not_found: 'This channel is not there any more.',
  msg_too_long: 'This message is too long to send.',
  no_text: 'There is nothing to send.',
  restricted_action: 'You may not do this here.',
  account_inactive: 'This account is deactivated.',
}

/** The person's failure in a sentence; the bare error name where there is none. */
export function explain(error: string): string {
  if (error.includes(' ')) return error
  return SENTENCES[error] ?? `That did not work: ${error.replaceAll('_', ' ')}.`
}

/** Slackbot's answer to a command that did not get through. */
export function commandFailure(text: string, error: string): string {
  const command = text.split(/\s/, 1)[0] ?? text
  if (error.includes('not a valid command')) {
    return `${command} is not a valid command. In Slack, all messages that start with the “/” character are interpreted as commands.`
  }
  if (error.includes(' ')) return error
  if (error === 'unreachable' || error === 'is_archived') return `${command} was not sent. ${explain(error)}`
  return `${command} failed with the error “${error}”`
}
