import type { Action } from '../policy/may.ts'
import {
  acknowledgeAlert,
  askManagers,
  confirmNeeded,
  letGoOfAlert,
  openAssign,
  openSnooze,
  submitAssign,
  submitNeeded,
  submitSnooze,
  unsnoozeAlert,
} from './conversations/alert.ts'
import { auditOf, turnAudit } from './conversations/audit.ts'
import { activateKey, openChange, submitDeactivate, submitRevoke } from './conversations/change.ts'
import { createCredential, openConnect, revokeCredential } from './conversations/connect.ts'
import { openCreate, redrawCreate, submitCreate } from './conversations/create.ts'
import { openEdit, submitEdit } from './conversations/edit.ts'
import { sendFailedAgain } from './conversations/failed.ts'
import { help, start } from './conversations/help.ts'
import { dropHolder, openHolders, submitHolder } from './conversations/holders.ts'
import { switchHome } from './conversations/home.ts'
import { inbox, turnInbox } from './conversations/inbox.ts'
import { openLeaked, submitLeaked } from './conversations/leaked.ts'
import { list, openSearch, submitSearch, turnList } from './conversations/list.ts'
import {
  openOffboard,
  openOffboardOf,
  openUndo,
  submitOffboard,
  submitUndo,
} from './conversations/offboard.ts'
import { openPolicy, openPolicySection, submitLeakedPolicy, submitPolicy } from './conversations/policy.ts'
import {
  approve,
  myRequests,
  openDeny,
  openNarrow,
  openRequest,
  submitDeny,
  submitNarrow,
  submitRequest,
  withdraw,
} from './conversations/request.ts'
import {
  answerNeeded,
  answerUnneeded,
  openDryRun,
  review,
  submitReason,
  turnReview,
} from './conversations/review.ts'
import { openRoles, submitRoles } from './conversations/roles.ts'
import { openRotate, redrawRotate, submitRotate } from './conversations/rotate.ts'
import { redrawCampaign, submitCampaign } from './conversations/rotate-many.ts'
import {
  finishCampaign,
  giveMoreTime,
  openAbort,
  openFinish,
  openRotation,
  revealNewKey,
  submitAbort,
  submitFinish,
} from './conversations/rotation.ts'
import { show } from './conversations/show.ts'
import { closedUnconfirmed, confirmSaved, replaceKey, revealKey } from './conversations/show-once.ts'
import { openSuspend, resume, submitSuspend } from './conversations/suspend.ts'
import { forgetExpected, openExpected, quarantine, submitExpected } from './conversations/unusual-use.ts'
import { turnUsage, usage } from './conversations/usage.ts'
import { exportKeyUsage } from './conversations/usage-file.ts'
import { turnOverview } from './conversations/usage-overview.ts'
import { turnRecent } from './conversations/usage-recent.ts'
import { openWatch, submitWatch } from './conversations/watch.ts'
import type { ClickInteraction, CommandInteraction, Handler, SubmitInteraction } from './interaction.ts'
import type { HelpLine } from './messages/home/help.ts'

/** `needs` is checked before the conversation starts, and again by the act. */
type Route<S extends CommandInteraction | ClickInteraction | SubmitInteraction> = {
  needs?: Action
  run: Handler<S>
}
/** `opens`: the title of the dialog that opens while data is looked up; at once when it will show a secret. */
export type Opening = { opens?: string; showsSecret?: true }
export type CommandRoute = Route<CommandInteraction> &
  Opening & { verb: string; also?: string; help: HelpLine }
export type ClickRoute = Route<ClickInteraction> & Opening & { id: string }
/** `takesTokens`: the one field in which whole tokens may be typed. */
export type SubmitRoute = Route<SubmitInteraction> & { id: string; title: string; takesTokens?: string }
export type CloseRoute = Route<ClickInteraction> & { id: string }

// biome-ignore format: every command, button, dialog and its right on one screen
export const commands: readonly CommandRoute[] = [
  { verb: 'list', needs: 'key.list', run: list, help: ['list [active|expiring|expired|revoked|overdue|mine|@user|words]', 'find keys', 'Ten keys a page, each with its menu. Words look in the name, description, integration, hint and scopes.'] },
  { verb: 'inbox', needs: 'key.list', run: inbox, help: ['inbox [FILTER]', 'what waits for you', 'The most urgent first, with what you can do about it. Filters: alerts, assigned, snoozed, requests, rotations, offers, reviews.'] },
  { verb: 'create', needs: 'key.issue', opens: 'Create key', run: openCreate, help: ['create [name]', 'make a key', 'The key is shown once, to you or to the owner you choose. Scopes and expiry never change afterwards.'] },
  { verb: 'request', needs: 'request.make', opens: 'Request a key', run: openRequest, help: ['request [name]', 'ask for a key', 'A manager or owner decides. When they approve, you reveal the key yourself.'] },
  { verb: 'requests', needs: 'request.make', run: myRequests, help: ['requests', 'your requests', 'What became of each; one that waits can be withdrawn. Nobody decided after two weeks: it lapses.'] },
  { verb: 'show', needs: 'key.show', opens: 'Key', run: show, help: ['show KEY', 'status, use and history', 'What the key may do, who has it, how it is used, and what happened to it.'] },
  { verb: 'usage', needs: 'key.show', run: usage, help: ['usage [KEY] [24h|7d|30d|90d]', 'requests and errors', 'Requests over time, how they went, endpoints, from where; without a key, all keys together. The report is a direct message to you, one for each key.'] },
  { verb: 'edit', needs: 'key.edit', opens: 'Edit key', run: openEdit, help: ['edit KEY', 'name, description, integration, owner', 'Scopes and expiry are fixed; rotate with changes instead.'] },
  { verb: 'rotate', needs: 'key.rotate', opens: 'Rotate key', run: openRotate, help: ['rotate KEY|all', 'replace without downtime', 'The new key keeps the name; both work until you finish. All rotates many at once: all overdue, all @user, all words.'] },
  { verb: 'deactivate', needs: 'key.deactivate', opens: 'Deactivate key', run: openChange('deactivate'), help: ['deactivate KEY', 'pause a key', 'Requests with it are refused at once. Activate it again at any time.'] },
  { verb: 'activate', needs: 'key.activate', run: activateKey, help: ['activate KEY', 'resume a paused key', 'It works again from the next request on.'] },
  { verb: 'revoke', also: 'delete', needs: 'key.revoke', opens: 'Revoke key', run: openChange('revoke'), help: ['revoke KEY', 'end a key; cannot be undone', 'You type its name, or the four characters of its hint.'] },
  { verb: 'audit', needs: 'audit.read', run: auditOf, help: ['audit [KEY|@user]', 'who did what', 'Newest first. The whole record is exported in the shell: keywarden audit export.'] },
  { verb: 'holders', needs: 'key.show', opens: 'Holders', run: openHolders, help: ['holders KEY', 'who has a key', 'Whoever owns or revealed it, and whoever was noted. When one of them leaves, the key is refused or rotated.'] },
  { verb: 'leaked', needs: 'leak.report', opens: 'Report a leak', run: openLeaked, help: ['leaked', 'report leaked keys', 'Paste whole keys or hints; none of it is kept. Policy decides what happens to a whole key: /keys policy leaked.'] },
  { verb: 'offboard', needs: 'offboarding.request', opens: 'Offboard', run: openOffboard, help: ['offboard @user', 'preview a leaver\'s keys', 'Which keys they own, revealed or were given, why each, and what will happen; you may change it. Then it happens.'] },
  { verb: 'review', needs: 'key.list', run: review, help: ['review [mine|start|dry run]', 'which keys are still needed', 'Every quarter each owner confirms their keys. Managers see how it goes, begin one, and see what a policy that deactivates would do.'] },
  { verb: 'roles', needs: 'role.set', opens: 'Roles', run: openRoles, help: ['roles', 'who may do what', 'Owners set roles, by person or by user group. Someone always owns Keywarden.'] },
  { verb: 'connect', needs: 'connection.make', opens: 'Connect', run: openConnect, help: ['connect', 'directories and HR systems', 'SCIM tokens and webhook secrets with which other systems say who leaves.'] },
  { verb: 'policy', needs: 'policy.set', opens: 'Policy', run: openPolicy, help: ['policy [SECTION]', 'rules and thresholds', 'They apply from now on; existing keys do not change. Sections: keys, rotation, review, leaving, alerts, leaked.'] },
  { verb: 'watch', needs: 'policy.set', opens: 'Watched channels', run: openWatch, help: ['watch', 'channels where keys are noticed', 'A whole key that somebody posts in one of them is reported as leaked, and its author gets a message. Nothing of the messages is kept.'] },
  { verb: 'suspend', needs: 'workspace.suspend', opens: 'Suspend workspace', run: openSuspend, help: ['suspend', 'refuse every key at once', 'The emergency stop of a workspace: you type its name. No key changes; resume ends it.'] },
  { verb: 'resume', needs: 'workspace.suspend', run: resume, help: ['resume', 'end a suspension', 'Every key is accepted again as far as it was before.'] },
  { verb: 'help', run: (interaction) => help(interaction, commands), help: ['help [VERB]', 'this list, or one command', 'KEY is a name, or the hint that lists show, such as tml_Ab3d.'] },
  { verb: '', run: (interaction) => start(interaction), help: ['', 'what you can do here', ''] },
]

/**
 * `go` and `pick` run a command from a button or menu: their value is `VERB KEY-ID`, for a few with words after it.
 */
// biome-ignore format: one screen
export const clicks: readonly ClickRoute[] = [
  { id: 'key.saved', needs: 'key.show', run: confirmSaved },
  { id: 'key.reveal', needs: 'key.reveal', opens: 'Copy your key', showsSecret: true, run: revealKey },
  { id: 'key.replace', needs: 'key.replace', opens: 'Copy your key', showsSecret: true, run: replaceKey },
  { id: 'list.turn', needs: 'key.list', run: turnList },
  { id: 'inbox.turn', needs: 'key.list', run: turnInbox },
  { id: 'list.search', needs: 'key.list', opens: 'Find keys', run: openSearch },
  { id: 'usage.range', needs: 'key.show', run: turnUsage },
  { id: 'usage.overview', needs: 'usage.overview', run: turnOverview },
  { id: 'usage.recent', needs: 'key.show', run: turnRecent },
  { id: 'usage.csv', needs: 'key.show', run: exportKeyUsage },
  { id: 'audit.turn', needs: 'audit.read', run: turnAudit },
  { id: 'request.approve', needs: 'request.decide', run: approve },
  { id: 'request.narrow', needs: 'request.decide', opens: 'Approve less', run: openNarrow },
  { id: 'request.deny', needs: 'request.decide', opens: 'Deny request', run: openDeny },
  { id: 'request.withdraw', needs: 'request.make', run: withdraw },
  { id: 'holder.remove', needs: 'holder.remove', run: dropHolder },
  { id: 'connection.make', needs: 'connection.make', opens: 'Copy it now', showsSecret: true, run: createCredential },
  { id: 'connection.revoke', needs: 'connection.make', opens: 'Connect', run: revokeCredential },
  { id: 'offboard.open', needs: 'offboarding.request', opens: 'Offboard', run: openOffboardOf },
  { id: 'offboard.undo', needs: 'offboarding.undo', opens: 'Undo offboarding', run: openUndo },
  { id: 'rotation.open', needs: 'key.show', opens: 'Rotation', run: openRotation },
  { id: 'rotation.reveal', needs: 'key.reveal', opens: 'Copy your key', showsSecret: true, run: revealNewKey },
  { id: 'rotation.finish-safe', needs: 'rotation.finish', opens: 'Finish rotations', run: finishCampaign },
  { id: 'rotation.finish', needs: 'rotation.finish', opens: 'Finish rotation', run: openFinish },
  { id: 'rotation.abort', needs: 'rotation.abort', opens: 'Abort rotation', run: openAbort },
  { id: 'rotation.extend', needs: 'rotation.extend', run: giveMoreTime },
  { id: 'message.send-again', needs: 'message.send-again', run: sendFailedAgain },
  { id: 'home.switch', needs: 'key.list', run: switchHome },
  { id: 'alert.take', needs: 'finding.take', run: acknowledgeAlert },
  { id: 'alert.let-go', needs: 'finding.let-go', run: letGoOfAlert },
  { id: 'alert.snooze', needs: 'finding.snooze', opens: 'Snooze alert', run: openSnooze },
  { id: 'alert.wake', needs: 'finding.snooze', run: unsnoozeAlert },
  { id: 'alert.assign', needs: 'finding.assign', opens: 'Assign alert', run: openAssign },
  { id: 'alert.ask', needs: 'finding.ask', run: askManagers },
  { id: 'alert.needed', needs: 'key.confirm-needed', run: confirmNeeded },
  { id: 'alert.quarantine', needs: 'key.deactivate', run: quarantine },
  { id: 'alert.expected', needs: 'use.expect', opens: 'Expected', run: openExpected },
  { id: 'expected.forget', needs: 'use.expect', run: forgetExpected },
  { id: 'policy.open', needs: 'policy.set', opens: 'Policy', run: openPolicySection },
  { id: 'review.needed', needs: 'key.confirm-needed', run: answerNeeded },
  { id: 'review.unneeded', needs: 'key.confirm-needed', run: answerUnneeded },
  { id: 'review.page', needs: 'key.list', run: turnReview },
  { id: 'review.dry-run', needs: 'review.read', run: openDryRun },
  { id: 'form.create', needs: 'request.make', run: redrawCreate },
  { id: 'form.rotate', needs: 'key.rotate', run: redrawRotate },
  { id: 'form.campaign', needs: 'key.rotate', run: redrawCampaign },
]

// biome-ignore format: one screen
export const submits: readonly SubmitRoute[] = [
  { id: 'key.create', title: 'Create key', needs: 'key.issue', run: submitCreate },
  { id: 'key.request', title: 'Request a key', needs: 'request.make', run: submitRequest },
  { id: 'key.edit', title: 'Edit key', needs: 'key.edit', run: submitEdit },
  { id: 'key.rotate', title: 'Rotate key', needs: 'key.rotate', run: submitRotate },
  { id: 'rotation.campaign', title: 'Rotate keys', needs: 'key.rotate', run: submitCampaign },
  { id: 'rotation.finish', title: 'Finish rotation', needs: 'rotation.finish', run: submitFinish },
  { id: 'rotation.abort', title: 'Abort rotation', needs: 'rotation.abort', run: submitAbort },
  { id: 'key.deactivate', title: 'Deactivate key', needs: 'key.deactivate', run: submitDeactivate },
  { id: 'key.revoke', title: 'Revoke key', needs: 'key.revoke', run: submitRevoke },
  { id: 'list.search', title: 'Keys', needs: 'key.list', run: submitSearch },
  { id: 'request.narrow', title: 'Approve less', needs: 'request.decide', run: submitNarrow },
  { id: 'request.deny', title: 'Deny request', needs: 'request.decide', run: submitDeny },
  { id: 'alert.snooze', title: 'Snooze alert', needs: 'finding.snooze', run: submitSnooze },
  { id: 'alert.assign', title: 'Assign alert', needs: 'finding.assign', run: submitAssign },
  { id: 'alert.expected', title: 'Expected', needs: 'use.expect', run: submitExpected },
  { id: 'alert.needed', title: 'Still needed', needs: 'key.confirm-needed', run: submitNeeded },
  { id: 'review.needed', title: 'Still needed', needs: 'key.confirm-needed', run: submitReason },
  { id: 'leak.report', title: 'Report a leak', needs: 'leak.report', takesTokens: 'tokens', run: submitLeaked },
  { id: 'key.holders', title: 'Holders', needs: 'holder.add', run: submitHolder },
  { id: 'offboard', title: 'Offboard', needs: 'offboarding.request', run: submitOffboard },
  { id: 'offboard.undo', title: 'Undo offboarding', needs: 'offboarding.undo', run: submitUndo },
  { id: 'roles.set', title: 'Roles', needs: 'role.set', run: submitRoles },
  { id: 'workspace.suspend', title: 'Suspend workspace', needs: 'workspace.suspend', run: submitSuspend },
  { id: 'policy.set', title: 'Policy', needs: 'policy.set', run: submitPolicy },
  { id: 'watch.set', title: 'Watched channels', needs: 'policy.set', run: submitWatch },
  { id: 'policy.leaked', title: 'Leaked keys', needs: 'policy.set', run: submitLeakedPolicy },
]

export const closes: readonly CloseRoute[] = [{ id: 'key.shown', needs: 'key.show', run: closedUnconfirmed }]

/** Finds a command by verb. `delete` means revoke; no verb means the start. */
export const commandFor = (verb: string): CommandRoute | undefined =>
  commands.find((command) => command.verb === verb || command.also === verb)

/** Finds the route of a control. Ids may carry a suffix, so that a block can hold two of a kind. */
export function clickFor(actionId: string, value: string): ClickRoute | undefined {
  const is = (id: string) => actionId === id || actionId.startsWith(`${id}.`)
  const [verb = '', keyId = '', ...more] = value.split(' ')
  const command = commandFor(verb)
  if (is('alert.menu') && !command) return alertEntry(verb, keyId)
  if (!is('go') && !is('alert.menu')) return clicks.find((click) => is(click.id))
  if (!command) return undefined
  const run: ClickRoute['run'] = (interaction) =>
    command.run({ ...interaction, words: more.join(' '), ...(keyId ? { keyId } : {}) })
  return {
    id: actionId,
    run,
    ...(command.needs ? { needs: command.needs } : {}),
    ...(command.opens ? { opens: command.opens } : {}),
  }
}

/** An alert's menu entry that acts on the finding is the click of the same name. */
function alertEntry(verb: string, findingId: string): ClickRoute | undefined {
  const click = clicks.find(({ id }) => id === `alert.${verb}`)
  return click && { ...click, run: (interaction) => click.run({ ...interaction, value: findingId }) }
}
