import { isSlackUser, join, type Phrase, type Piece, say, who } from '../foundation/words.ts'
import { aRole } from '../members/member.ts'
import type { EventName } from './events.ts'
import type { RecordedEvent } from './list.ts'

export type Describable = Pick<RecordedEvent, 'event' | 'actor' | 'details'> &
  Partial<Pick<RecordedEvent, 'keyId' | 'keyName' | 'repeated'>>

/** An event in a person's words, the same on every surface: "@bruno deactivated Salesforce CRM." */
export function describe(event: Describable): Phrase {
  // A newer version may have recorded what this one has no words for.
  const words = sentences[event.event] ?? (() => say`did ${{ code: event.event }}`)
  return say`${actorOf(event)} ${words(event)}.`
}

const sentences: Record<EventName, (event: Describable) => Phrase> = {
  'account.created': () => say`set up the account`,
  'workspace.created': (e) => say`added the workspace ${name(e, 'name')}`,
  'workspace.suspended': (e) => say`suspended the workspace ${name(e, 'name')}${because(e)}`,
  'workspace.resumed': (e) => say`resumed the workspace ${name(e, 'name')}${because(e)}`,
  'role.set': (e) => say`made ${person(e, 'user')} ${roleOf(e, 'role')}${was(e)}`,
  'group-role.set': (e) =>
    e.details.role
      ? say`made everyone in the group ${code(e, 'group')} ${roleOf(e, 'role')}`
      : say`removed the ${text(e.details.before)} role from the group ${code(e, 'group')}`,
  'policy.set': (e) => say`changed the policy: ${changesOf(e)}`,
  'key.issued': (e) =>
    e.details.predecessor
      ? say`created the replacement for ${keyOf(e)}${forOwner(e)}`
      : say`created ${keyOf(e)}${forOwner(e)}${scopesOf(e)}${lifetimeOf(e)}`,
  'key.imported': (e) => say`adopted ${keyOf(e)}${hintOf(e)}${forOwner(e)}${scopesOf(e)}`,
  'key.revealed': (e) => say`revealed ${keyOf(e)}${hintOf(e)}`,
  'key.reveal-voided': (e) => say`took back the token of ${keyOf(e)}, which may not have been seen`,
  'key.activated': (e) => say`activated ${keyOf(e)}${because(e)}`,
  'key.deactivated': (e) => say`deactivated ${keyOf(e)}${because(e)}`,
  'key.revoked': (e) => say`revoked ${keyOf(e)}${because(e)}`,
  'key.edited': (e) => say`edited ${keyOf(e)}: ${changesOf(e)}`,
  'key.change-confirmed': (e) =>
    e.details.keys === 1
      ? say`confirmed that every verifier has learnt of the change to ${keyOf(e)}`
      : say`confirmed that every verifier has learnt of the change to ${Number(e.details.keys)} keys`,
  'key.saved': (e) => say`said that ${keyOf(e)}${hintOf(e)} is saved`,
  'key.replaced': (e) => say`replaced the token of ${keyOf(e)}${hintOf(e)}`,
  'key.rotated': (e) => say`began to rotate ${keyOf(e)}${rotatedFor(e)}`,
  'rotation.safe': (e) => say`saw that nothing uses the old key of ${keyOf(e)} any more`,
  'rotation.overdue': (e) => say`noted that the rotation of ${keyOf(e)} is past its deadline`,
  'rotation.extended': (e) =>
    say`moved the deadline of the rotation of ${keyOf(e)} to ${text(e.details.until).slice(0, 10)}`,
  'rotation.hastened': (e) => say`called the old key of ${keyOf(e)} compromised`,
  'rotation.finished': (e) =>
    say`finished the rotation of ${keyOf(e)}${e.details.early ? ' before it was safe' : ''}`,
  'rotation.aborted': (e) => say`aborted the rotation of ${keyOf(e)}${because(e)}`,
  'rotation.campaign-started': (e) =>
    say`began to rotate ${Number(e.details.keys)} keys: ${name(e, 'title')}`,
  'key.lapsed': (e) => say`closed ${keyOf(e)}, which nobody had revealed in time`,
  'key.confirmed-needed': (e) => say`said that ${keyOf(e)} is still needed${because(e)}`,
  'key.declared-unneeded': (e) => say`said that ${keyOf(e)} is not needed any more`,
  'key.notice-given': (e) =>
    say`gave notice that ${keyOf(e)} will be deactivated on ${text(e.details.deactivateAt).slice(0, 10)}${because(e)}`,
  'review.begun': (e) =>
    say`began a review of ${Number(e.details.keys)} keys, to be answered by ${text(e.details.answerBy).slice(0, 10)}`,
  'review.ended': (e) => say`ended a review with ${Number(e.details.open)} keys that nobody had confirmed`,
  'use.expected': (e) => say`said of ${keyOf(e)}: ${expectedWords(e)}`,
  'use.forgotten': (e) => say`took back that unusual use of ${keyOf(e)} is expected`,
  'finding.acknowledged': (e) => say`acknowledged the alert about ${keyOf(e)}`,
  'finding.snoozed': (e) =>
    say`snoozed the alert about ${keyOf(e)} until ${text(e.details.until).slice(0, 10)}${because(e)}`,
  'finding.woken': (e) => say`ended the snooze of the alert about ${keyOf(e)}`,
  'finding.assigned': (e) => say`assigned the alert about ${keyOf(e)} to ${person(e, 'to')}`,
  'finding.let-go': (e) =>
    e.details.of
      ? say`took ${person(e, 'of')} off the alert about ${keyOf(e)}`
      : say`let go of the alert about ${keyOf(e)}`,
  'finding.asked': (e) => say`asked a manager to act on ${keyOf(e)}`,
  'request.made': (e) => say`requested a key called ${name(e, 'name')}${scopesOf(e)}${because(e)}`,
  'request.approved': (e) =>
    e.details.asked
      ? say`approved ${keyOf(e)}${scopesOf(e)}${lifetimeOf(e)}: less than ${person(e, 'for')} had requested`
      : say`approved ${keyOf(e)}, which ${person(e, 'for')} had requested`,
  'request.denied': (e) => say`denied ${person(e, 'for')} a key${because(e)}`,
  'request.closed': (e) =>
    say`closed ${person(e, 'for')}'s request for a key called ${name(e, 'name')}, since ${person(e, 'leaver')} is leaving`,
  'request.withdrawn': (e) => say`withdrew the request for a key called ${name(e, 'name')}`,
  'request.lapsed': (e) =>
    say`let ${person(e, 'for')}'s request for a key called ${name(e, 'name')} lapse, since nobody decided`,
  'message.sent-again': (e) => say`sent ${Number(e.details.messages)} failed messages again`,
  'address.set': (e) => say`said that ${name(e, 'email')} is the address of ${person(e, 'user')}`,
  'address.removed': (e) => say`took back that ${name(e, 'email')} is the address of ${person(e, 'user')}`,
  'holder.added': (e) => say`noted that ${person(e, 'user')} has ${keyOf(e)}${because(e)}`,
  'holder.removed': (e) => say`noted that ${person(e, 'user')} does not have ${keyOf(e)} any more`,
  'leak.reported': (e) =>
    say`noted ${e.details.isWhole ? 'that the whole token' : 'a suspicion that the token'} of ${keyOf(e)} has leaked, reported by ${who(text(e.details.by))}${e.details.where ? say` in ${code(e, 'where')}` : ''}`,
  'offboarding.requested': (e) =>
    say`began to offboard ${leaver(e)} (${text(e.details.source)})${because(e)}`,
  'offboarding.joined': (e) => say`asked again to offboard ${leaver(e)} (${text(e.details.source)})`,
  'offboarding.completed': (e) =>
    say`finished offboarding ${leaver(e)}: ${Number(e.details.refused ?? 0)} refused, ${Number(e.details.rotating ?? 0)} rotating, ${Number(e.details.kept ?? 0)} kept`,
  'offboarding.ended': (e) =>
    e.details.because === 'undone'
      ? say`undid the offboarding of ${leaver(e)}`
      : say`noted that ${leaver(e)} is back`,
  'connection.made': (e) => say`made the ${text(e.details.kind)} connection ${code(e, 'id')}`,
  'connection.revoked': (e) => say`revoked the ${text(e.details.kind)} connection ${code(e, 'id')}`,
  'service-token.created': (e) => say`made the service token ${name(e, 'name')} (${code(e, 'id')})`,
  'service-token.revoked': (e) => say`revoked the service token ${code(e, 'id')}`,
  'attempt.refused': (e) =>
    e.details.execution
      ? say`refused a workflow that named ${leaver(e)} as leaver`
      : say`tried to ${attemptOf(e)} and was refused${andMore(e)}`,
  'attempt.repeated': (e) =>
    say`tried ${moreTimes(e.details.attempts)} to ${attemptOf(e)} within an hour and was refused`,
}

function actorOf({ actor }: Describable): Piece {
  const piece = who(actor.kind === 'member' ? actor.id : `${actor.kind}:${actor.id}`)
  return typeof piece === 'string' ? piece[0]!.toUpperCase() + piece.slice(1) : piece
}

/** The key's name, else its name when this happened, else its id. */
function keyOf({ keyName, keyId, details }: Describable): Piece {
  const called = keyName ?? details.name
  if (typeof called === 'string' && called !== '') return { name: called }
  return keyId ? { code: keyId } : 'a key'
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const name = (e: Describable, field: string): Piece => ({ name: text(e.details[field]) })
const code = (e: Describable, field: string): Piece => ({ code: text(e.details[field]) })

const person = (e: Describable, field: string): Piece => value(e.details[field])

const roleOf = (e: Describable, field: string): string => aRole(text(e.details[field]))

const leaver = (e: Describable): Piece => value(e.details.user ?? e.details.email)

const was = (e: Describable): Phrase => (e.details.before ? say` (before: ${text(e.details.before)})` : [])

const because = ({ details: { reason } }: Describable): Phrase =>
  // The sentence ends with a full stop of its own.
  text(reason) ? say`, saying ${{ name: text(reason).replace(/\.+$/, '') }}` : []

const hintOf = ({ details: { hint } }: Describable): Phrase => (hint ? say` (${{ code: text(hint) }})` : [])

const rotatedFor = ({ details: { reason } }: Describable): Phrase => {
  const why = rotationReasons[text(reason)]
  return why ? say`, since ${why}` : []
}

const rotationReasons: Record<string, string> = {
  scheduled: 'it was scheduled',
  compromised: 'it is compromised',
  leaver: 'somebody is leaving',
  'scope-change': 'its scopes change',
}

const forOwner = ({ actor, details: { owner } }: Describable): Phrase =>
  owner && owner !== actor.id ? say` for ${value(owner)}` : []

const scopesOf = ({ details: { scopes } }: Describable): Phrase =>
  Array.isArray(scopes) ? say` with ${scopes.join(', ')}` : []

function lifetimeOf({ details: { lifetimeDays } }: Describable): Phrase {
  if (typeof lifetimeDays !== 'number') return lifetimeDays === null ? say`, never expiring` : []
  return say`, for ${lifetimeDays} ${lifetimeDays === 1 ? 'day' : 'days'}`
}

/** `{field: [before, after]}` as "name from A to B, owner from X to Y". */
function changesOf({ details: { changes } }: Describable): Phrase {
  const all = Object.entries((changes ?? {}) as Record<string, unknown>)
  return join(
    all.map(([field, change]) => {
      const [before, after] = Array.isArray(change) ? change : []
      return say`${inWords(field)} from ${value(before)} to ${value(after)}`
    }),
    ', ',
  )
}

/** `rotationPeriodDays` as "rotation period days"; `ownerId` as "owner". */
const inWords = (field: string) =>
  field.replace(/Id$/, '').replace(/[A-Z]/g, (message) => ` ${message.toLowerCase()}`)

function value(what: unknown): Piece {
  if (typeof what !== 'string') return what === null || what === undefined ? 'nothing' : String(what)
  if (what === '') return 'nothing'
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(what)) return { moment: new Date(what) }
  return isSlackUser(what) ? { user: what } : { name: what }
}

const actionWords: Record<string, string> = {
  'audit.read': 'read the audit log',
  'policy.set': 'change the policy',
  'role.set': 'set a role',
  'request.make': 'request a key',
  'offboarding.request': 'offboard somebody',
  'offboarding.undo': 'undo an offboarding',
  'connection.make': 'connect another system',
  'message.send-again': 'send failed messages again',
  'holder.add': 'say who has a key',
  'request.decide': 'decide about a request',
  'key.issue': 'create a key',
  'key.list': 'list keys',
  'use.expect': 'say which use is expected',
  'finding.take': 'take on an alert',
  'holder.remove': 'take somebody off the holders of a key',
  'finding.snooze': 'snooze an alert',
  'finding.assign': 'assign an alert',
  'finding.ask': 'ask a manager about an alert',
  'finding.let-go': 'let go of an alert',
  'leak.report': 'report a leak',
  'usage.overview': 'read the usage of all keys',
  'workspace.suspend': 'suspend or resume a workspace',
  'review.begin': 'begin a review',
  'review.read': 'look at a review',
  'key.confirm-needed': 'say that a key is still needed',
  'rotation.finish': 'finish a rotation',
  'rotation.abort': 'abort a rotation',
  'rotation.extend': 'move the deadline of a rotation',
}

function attemptOf(e: Describable): Phrase {
  const action = text(e.details.action)
  const words = actionWords[action]
  if (words) return [words]
  const verb = /^key\.([a-z]+)$/.exec(action)?.[1]
  if (!verb) return say`do ${{ code: action }}`
  if (e.keyId) return say`${verb} ${keyOf(e)}`
  // An actor who may not do it to any key is refused before one is searched for.
  return e.details.code === 'not_found' ? say`${verb} a key that is not here` : say`${verb} a key`
}

/** The expectation of a key's use. */
function expectedWords({ details: { kind, dayOfMonth } }: Describable): string {
  if (kind === 'once') return 'this use was expected, once'
  if (kind === 'new-normal') return 'this use is the new normal'
  return `this use is expected every month on day ${Number(dayOfMonth)}`
}

const andMore = ({ repeated }: Describable): Phrase => (repeated ? say`, and ${moreTimes(repeated)}` : [])

const moreTimes = (count: unknown): string =>
  count === 1 ? 'once more' : `${Number(count ?? 0).toLocaleString('en-US')} more times`
