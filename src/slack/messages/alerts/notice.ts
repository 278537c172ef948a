import type { Notice } from '../../../alerts/alert.ts'
import { isSlackUser, join, type Phrase, type Piece, say, who } from '../../../foundation/words.ts'
import type { Source } from '../../../offboarding/offboarding.ts'
import { inWorkspace } from '../../../workspaces/workspace.ts'
import { type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { count } from '../keys/key.ts'
import { keepsRole } from '../offboarding/offboard.ts'
import { sourceWords } from '../offboarding/progress.ts'
import { digestMessage, type Links } from './digest.ts'

/** A notice that is sent once. */
export function noticeMessage(notice: Notice, links?: Links): Message {
  if (notice.about === 'digest') return digestMessage(notice, links)
  if (notice.about === 'welcome') return welcomeMessage(notice)
  if (notice.about === 'quarantined') return quarantinedMessage(notice)
  if (notice.about === 'offboarded-elsewhere') return elsewhereMessage(notice)
  if (notice.about === 'step-refused') return refusedStepMessage(notice)
  if (notice.about === 'unreachable') return unreachableMessage(notice)
  return lostMessage(notice)
}

/** To the first owners: what to do first, in the order in which it is done. */
const welcomeMessage = ({ workspace, alertChannel }: Notice & { about: 'welcome' }): Message =>
  message(
    say`Keywarden is ready, and you own the workspace ${{ name: workspace }}. Four things to begin with:`,
    sentenceBlock(
      join(
        [
          say`1. ${{ code: '/keys policy' }} sets how long keys live and where alerts go. Alerts go to ${{ name: `#${alertChannel}` }}; if it is private, type ${{ code: '/invite @Keywarden' }} there.`,
          say`2. ${{ code: '/keys roles' }} makes managers, who create and revoke keys. Everybody else asks with ${{ code: '/keys request' }}.`,
          say`3. ${{ code: '/keys create' }} makes the first key. It is shown once, to its owner alone.`,
          say`4. ${{ code: '/keys connect' }} links the directory or the HR system, so that people who leave keep no key.`,
        ],
        '\n',
      ),
    ),
    sentenceBlock(say`${{ code: '/keys help' }} lists the rest, and Home shows what needs attention.`),
  )

const quarantinedMessage = ({ name, hint }: Notice & { about: 'quarantined' }): Message =>
  message(
    say`I deactivated your key ${{ name }} ${{ code: hint }}: its use looked like a leak, and policy asks for that. A manager can activate it again: ${{ code: `/keys activate ${hint}` }}.`,
  )

/** Put with the plans, before anything has happened to a key. */
function elsewhereMessage(notice: Notice & { about: 'offboarded-elsewhere' }): Message {
  const { by, home, workspace, keys, keepsRole: stays, sources = [] } = notice
  const leaver = { user: notice.leaver }
  const through = join(
    sources.map((one) => [sourceWords[one as Source]]),
    ', ',
  )
  const listed = keys.map(({ name, plan }) => say`${{ name }}: ${plan}`)
  const rest = notice.count - keys.length
  return message(
    isSlackUser(by)
      ? say`${leaver} is being offboarded in ${{ name: home }} by ${who(by)}, who decides nothing in ${{ name: workspace }}.`
      : say`${leaver} is being offboarded${sources.length > 0 ? say`, through ${through}` : []}.`,
    ...(notice.count > 0
      ? [
          sentenceBlock(
            say`${count(notice.count, 'key')} of ${{ name: workspace }}, as policy says. ${join(listed, ', ')}${rest > 0 ? ` and ${rest} more` : ''}.`,
          ),
        ]
      : []),
    ...(stays ? [sentenceBlock(keepsRole(leaver, workspace))] : []),
  )
}

function refusedStepMessage({ runs, isMore, leavers, offIn }: Notice & { about: 'step-refused' }): Message {
  const named = join(leavers.map(leaverOf), ', ')
  if (isMore)
    return message(
      say`${count(runs, 'more run')} of the workflow step Offboard a person ${runs === 1 ? 'was' : 'were'} refused within the hour. They named ${named}.`,
    )
  const places = offIn.map((name) => [{ name }])
  const commands = offIn.map((name) => [{ code: `/keys policy ${inWorkspace(name)}` }])
  return message(
    say`A workflow asked to offboard ${named}. The step is switched off in ${join(places, ', ')}. Nobody was offboarded.`,
    sentenceBlock(
      say`Slack does not say who ran it; the workflow’s activity does. If it is your company’s own, an owner switches the step on: ${join(commands, ', ')}.`,
    ),
  )
}

const leaverOf = (leaver: string): Phrase => {
  const piece: Piece = isSlackUser(leaver) ? { user: leaver } : { name: leaver || 'nobody' }
  return [piece]
}

/** Messages that could not be sent to a person, by their source. */
const unsent: Record<string, string> = {
  offer: 'which keys wait for them to reveal them; they wait on their Home',
  'request-answer': 'what became of their request for a key',
}

const unreachableMessage = ({ person, what, reason }: Notice & { about: 'unreachable' }): Message =>
  message(
    say`I cannot send ${{ user: person }} a message (${{ code: reason }}). Tell them yourself ${unsent[what] ?? 'what you did'}.`,
  )

function lostMessage({ channel, reason, lost }: Notice & { about: 'channel-lost' }): Message {
  const because = reasons[isRestricted(reason) ? 'restricted_action' : reason] ?? reason
  const what = lost === 'checkpoints' ? 'signed checkpoints of the audit' : 'alerts'
  const meanwhile =
    lost === 'checkpoints' ? 'they are kept in the file alone' : 'alerts come to the owners here'
  return message(
    say`I cannot post ${what} in ${channelName(channel)} any more: ${because}. Until that changes, ${meanwhile}. ${remedy(reason)}`,
  )
}

const channelName = (channel: string): Phrase =>
  /^[CG][A-Z0-9]{8,}$/.test(channel)
    ? say`the channel that was chosen for them`
    : say`${{ name: `#${channel}` }}`

const reasons: Record<string, string> = {
  is_archived: 'it is archived',
  channel_not_found: 'it is gone or archived, or I was taken out of it',
  not_in_channel: 'I was taken out of it',
  restricted_action: 'posting there is restricted',
}

const isRestricted = (reason: string): boolean =>
  reason.startsWith('restricted_action') || reason === 'channel_is_limited_access'

const remedy = (reason: string): Phrase =>
  isRestricted(reason)
    ? say`Let me post there, or choose another channel with ${{ code: '/keys policy' }}.`
    : reason === 'not_in_channel'
      ? say`Type there ${{ code: '/invite @Keywarden' }}, or choose another channel with ${{ code: '/keys policy' }}.`
      : say`Bring it back and type there ${{ code: '/invite @Keywarden' }}, or choose another channel with ${{ code: '/keys policy' }}.`
