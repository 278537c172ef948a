import { errorName } from '../foundation/slack.ts'
import { Delay, Refused } from '../notifications/channel.ts'

/**
 * Slack's error names by subject. https://docs.slack.dev/reference/methods/chat.postMessage lists most of them,
 * chat.update, conversations.members and files.completeUploadExternal the others.
 */
const about = {
  /** the channel or person: nothing can be delivered there */
  closed: [
    'is_archived',
    'is_inactive',
    'channel_not_found',
    'channel_is_limited_access',
    'not_in_channel',
    'restricted_action',
    'restricted_action_read_only_channel',
    'restricted_action_thread_only_channel',
    'restricted_action_non_threadable_channel',
    'method_not_supported_for_channel_type',
    'user_disabled',
    'user_not_found',
    'users_not_found',
    'user_not_visible',
    'cannot_dm_bot',
    'messages_tab_disabled',
  ],
  /** the message to edit or reply to */
  missing: [
    'message_not_found',
    'thread_not_found',
    'cant_update_message',
    'cannot_reply_to_message',
    'restricted_action_thread_locked',
  ],
  /** the message's content: a retry would be refused again */
  content: [
    'invalid_blocks',
    'invalid_blocks_format',
    'block_mismatch',
    'invalid_attachments',
    'attachment_payload_limit_exceeded',
    'too_many_attachments',
    'too_many_contact_cards',
    'invalid_metadata_format',
    'invalid_metadata_schema',
    'metadata_too_large',
    'metadata_must_be_sent_from_app',
    'markdown_text_conflict',
    'msg_blocks_too_long',
    'msg_too_long',
    'no_text',
    'view_too_large',
    'invalid_arguments',
    'invalid_array_arg',
    'invalid_arg_name',
    'invalid_charset',
    'invalid_form_data',
  ],
  /** the app: every message is refused until someone fixes it */
  app: [
    'invalid_auth',
    'not_authed',
    'token_expired',
    'token_revoked',
    'account_inactive',
    'missing_scope',
    'no_permission',
    'not_allowed_token_type',
    'access_denied',
    'ekm_access_denied',
    'enterprise_is_restricted',
    'org_login_required',
    'team_access_not_granted',
    'team_not_found',
    'two_factor_setup_required',
    'accesslimited',
    'deprecated_endpoint',
    'method_deprecated',
    'unknown_method',
  ],
  /** a workflow step that takes no answer any more */
  over: ['function_execution_not_found', 'execution_not_in_running_state'],
} as const

/** Refused for now: too much load, or the team is being moved. */
const forNow = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'team_added_to_org',
  'external_channel_migrating',
])
const forNowSeconds = 30

/** Slack returns these when part of the call may have been done. */
const unclear = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'fetch_members_failed',
])

const reasons = new Map<string, Refused['why']>(
  Object.entries(about).flatMap(([why, names]) =>
    names.map((name) => [name, why as Refused['why']] as const),
  ),
)

/**
 * Translates an error: `Delay` when Slack named a time or refuses for now, `Refused` when it refused for good, and
 * the error itself when nobody knows whether the message arrived. Text that does not look like a Slack error name,
 * such as a proxy's page, is not an answer from Slack.
 */
export function translateError(error: unknown): unknown {
  if (error instanceof Refused || error instanceof Delay) return error
  const { retryAfter } = error as { retryAfter?: number }
  if (retryAfter) return new Delay(retryAfter)
  const name = errorName(error)
  if (!name || !/^[a-z][a-z0-9_]*$/.test(name) || unclear.has(name)) return error
  if (forNow.has(name)) return new Delay(forNowSeconds)
  const why = reasons.get(name) ?? 'other'
  return new Refused(why, why === 'content' || why === 'other' ? answerInFull(name, error) : name)
}

/** Whether Slack refused the content, so that it must be sent in another form. */
export function isAboutContent(error: unknown): boolean {
  const meant = translateError(error)
  return (meant instanceof Refused && meant.why === 'content') || isBadAnswer(error)
}

/** A response URL reports bad content with this status and no error name. */
const isBadAnswer = (error: unknown): boolean => {
  const { code, statusCode } = error as { code?: string; statusCode?: number }
  return code === 'slack_bolt_respond_error' && statusCode === 400
}

/** The error name, with Slack's detail about the blocks. */
export function answerInFull(name: string, error: unknown): string {
  const { messages } = (error as { data: { response_metadata?: { messages?: unknown } } }).data
    .response_metadata ?? { messages: [] }
  const details = Array.isArray(messages) ? messages.map((one) => String(one).replace(/^\[ERROR\] /, '')) : []
  return [name, details.join('; ')].filter(Boolean).join(': ').slice(0, 500)
}
