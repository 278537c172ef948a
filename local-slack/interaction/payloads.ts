import type { Slack } from '../context.ts'
import type { Channel, Person } from '../contract.ts'
import type { Fields } from '../fields.ts'
import { newId } from '../ids.ts'
import { teamOf } from '../people.ts'
import { type Grant, grantResponseUrl } from '../response-urls.ts'
import { tsOf } from '../state.ts'
import { issueTrigger } from '../triggers.ts'

/** The name that payloads carry for a channel. */
export function channelName(channel: Channel): string {
  if (channel.kind === 'dm') return 'directmessage'
  return channel.kind === 'private' ? 'privategroup' : channel.name
}

export function responseUrl(slack: Slack, grant: Omit<Grant, 'usesLeft' | 'issuedAt'>): string {
  return slack.url + grantResponseUrl(slack.responseUrls, grant, slack.world.team.id)
}

/** https://docs.slack.dev/interactivity/implementing-slash-commands */
export function commandPayload(
  slack: Slack,
  person: Person,
  channel: Channel,
  command: string,
  text: string,
): Fields {
  const { world } = slack
  return {
    token: slack.verificationToken,
    team_id: world.team.id,
    team_domain: world.team.domain,
    channel_id: channel.id,
    channel_name: channelName(channel),
    user_id: person.id,
    user_name: person.name,
    command,
    text,
    api_app_id: world.app.id,
    is_enterprise_install: 'false',
    response_url: responseUrl(slack, { channel: channel.id, user: person.id }),
    trigger_id: issueTrigger(slack.triggers, person.id),
  }
}

/** The fields that every interaction payload begins with. */
export function interactionPayload(slack: Slack, type: string, person: Person): Fields {
  const { world } = slack
  return {
    type,
    team: { id: world.team.id, domain: world.team.domain },
    user: { id: person.id, username: person.name, name: person.name, team_id: teamOf(world, person) },
    api_app_id: world.app.id,
    token: slack.verificationToken,
    enterprise: null,
    is_enterprise_install: false,
  }
}

/** The present, as payloads write it (`action_ts`, `event_ts`). */
export function calendarTs(slack: Slack): string {
  return tsOf(slack.clock.now().getTime() * 1000)
}

/** https://docs.slack.dev/apis/events-api: the outer part of an event. */
export function eventPayload(slack: Slack, event: Fields, isShared = false): Fields {
  const { world } = slack
  return {
    token: slack.verificationToken,
    team_id: world.team.id,
    api_app_id: world.app.id,
    event,
    type: 'event_callback',
    event_id: newId('Ev'),
    event_time: Math.floor(slack.clock.now().getTime() / 1000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: world.team.id,
        user_id: world.app.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: isShared,
  }
}
