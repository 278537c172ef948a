import type { HomeView, ModalView } from '@slack/types'
import { reasons as useReasons } from '../../../src/anomaly/detector/reason.ts'
import { refuse } from '../../../src/foundation/refusal.ts'
import { say } from '../../../src/foundation/words.ts'
import { generateToken } from '../../../src/keys/token.ts'
import { maxKeys } from '../../../src/rotation/campaign.ts'
import { reasons } from '../../../src/rotation/rotation.ts'
import type { Message } from '../../../src/slack/blocks.ts'
import * as alert from '../../../src/slack/messages/alerts/alert.ts'
import * as digest from '../../../src/slack/messages/alerts/digest.ts'
import * as dry from '../../../src/slack/messages/alerts/dry-run.ts'
import * as expected from '../../../src/slack/messages/alerts/expected.ts'
import * as fleet from '../../../src/slack/messages/alerts/fleet.ts'
import * as forms from '../../../src/slack/messages/alerts/forms.ts'
import * as group from '../../../src/slack/messages/alerts/group.ts'
import * as notice from '../../../src/slack/messages/alerts/notice.ts'
import * as audit from '../../../src/slack/messages/audit/audit.ts'
import * as checkpoint from '../../../src/slack/messages/audit/checkpoint.ts'
import * as help from '../../../src/slack/messages/home/help.ts'
import * as home from '../../../src/slack/messages/home/home.ts'
import * as inbox from '../../../src/slack/messages/home/inbox.ts'
import * as change from '../../../src/slack/messages/keys/change.ts'
import * as create from '../../../src/slack/messages/keys/create.ts'
import * as edit from '../../../src/slack/messages/keys/edit.ts'
import * as holders from '../../../src/slack/messages/keys/holders.ts'
import * as leaked from '../../../src/slack/messages/keys/leaked.ts'
import * as list from '../../../src/slack/messages/keys/list.ts'
import * as offer from '../../../src/slack/messages/keys/offers.ts'
import * as pasted from '../../../src/slack/messages/keys/pasted.ts'
import * as pick from '../../../src/slack/messages/keys/pick.ts'
import * as request from '../../../src/slack/messages/keys/request.ts'
import * as reveal from '../../../src/slack/messages/keys/reveal.ts'
import * as show from '../../../src/slack/messages/keys/show.ts'
import * as once from '../../../src/slack/messages/keys/show-once.ts'
import * as whole from '../../../src/slack/messages/keys/whole-key.ts'
import * as connect from '../../../src/slack/messages/offboarding/connect.ts'
import * as offboard from '../../../src/slack/messages/offboarding/offboard.ts'
import * as ownerNamed from '../../../src/slack/messages/offboarding/owner-named.ts'
import * as progress from '../../../src/slack/messages/offboarding/progress.ts'
import * as reportFile from '../../../src/slack/messages/offboarding/report-file.ts'
import * as refusal from '../../../src/slack/messages/refusal.ts'
import * as reasonFor from '../../../src/slack/messages/reviews/reason.ts'
import * as review from '../../../src/slack/messages/reviews/review.ts'
import * as campaign from '../../../src/slack/messages/rotation/campaign.ts'
import * as dialogs from '../../../src/slack/messages/rotation/dialogs.ts'
import * as notes from '../../../src/slack/messages/rotation/notes.ts'
import * as rotate from '../../../src/slack/messages/rotation/rotate.ts'
import * as rotateMany from '../../../src/slack/messages/rotation/rotate-many.ts'
import * as tracker from '../../../src/slack/messages/rotation/tracker.ts'
import * as file from '../../../src/slack/messages/usage/file.ts'
import * as overview from '../../../src/slack/messages/usage/overview.ts'
import * as panel from '../../../src/slack/messages/usage/panel.ts'
import * as recent from '../../../src/slack/messages/usage/recent.ts'
import * as policy from '../../../src/slack/messages/workspace/policy.ts'
import { leakedPolicyForm } from '../../../src/slack/messages/workspace/policy-leaked.ts'
import * as roles from '../../../src/slack/messages/workspace/roles.ts'
import * as suspend from '../../../src/slack/messages/workspace/suspend.ts'
import * as watch from '../../../src/slack/messages/workspace/watch.ts'
import { commands } from '../../../src/slack/routes.ts'
import fc from '../../setup/seeded.ts'
import * as a from './states.ts'
import { channel, count, hint, id, longWords, many, maybe, moment, name, now, user, words } from './words.ts'

export type Rendered = Message | ModalView | HomeView

/** Renders of a builder, each over another state. */
export type Renders = { arbitrary: fc.Arbitrary<unknown[]>; render: (args: unknown[]) => Rendered }

const of = <A extends unknown[]>(
  builder: (...args: A) => Rendered,
  ...args: { [I in keyof A]: fc.Arbitrary<A[I]> }
): Renders => ({
  arbitrary: fc.tuple(...(args as fc.Arbitrary<unknown>[])),
  render: (some) => builder(...(some as A)),
})
/** One argument, generated with its parts. */
const over = <T>(builder: (one: T) => Rendered, one: fc.Arbitrary<T>): Renders => of(builder, one)

const at = fc.constant(now)
const flag = fc.boolean()
const reason = fc.constantFrom(...reasons)
const restriction = fc.constantFrom('deactivate' as const, 'revoke' as const)
const stake = fc.record({ last24h: a.last24h, holders: a.holders })
const token = fc.constant(generateToken('tml_', (n) => new Uint8Array(n)))
const isSome = (all: readonly unknown[]) => all.length > 0
const started = fc.record({ rotation: a.rotation, predecessor: a.key, successor: a.key })
const filter = fc.oneof(
  fc.constant({}),
  fc.constantFrom('active' as const, 'mine' as const, 'revoked' as const).map((status) => ({ status })),
  fc
    .oneof(words, fc.constantFrom('"'.repeat(100), '\\'.repeat(100)))
    .map((typed) => ({ words: typed.slice(0, 100) })),
)
const chosenScopes = a.scopes
const leakState = fc.constantFrom(
  ...(['waits', 'works', 'suspended', 'paused', 'revoked', 'quarantine', 'rotate', 'revoke'] as const),
)
const expires = fc.constantFrom('30', '90', 'other', 'never', 'nonsense')
const anyRefusal = fc
  .record({
    code: fc.constantFrom('forbidden' as const, 'not_found' as const, 'invalid' as const),
    name,
    user,
    next: maybe(words),
    action: fc.constantFrom('key.issue', 'key.show'),
    isAboutKey: flag,
  })
  .map((one) =>
    refuse(one.code, say`${{ name: one.name }} is of ${{ user: one.user }}.`, {
      logged: { action: one.action, ...(one.isAboutKey ? { keyId: 'any' } : {}) },
      ...(one.next ? { next: say`Ask about ${{ name: one.next }}.` } : {}),
    }),
  )
const helpLine = fc.constantFrom(...commands.map((command) => command.help))
const typedForm = fc.record({
  values: fc.array(longWords, { maxLength: 30 }),
  errors: fc.array(words, { minLength: 1 }),
})

/** Every exported builder of a message, a dialog or Home, by its name. */
export const builders: Record<string, Renders> = {
  alertMessage: of(
    alert.alertMessage,
    a.alert,
    fc.record({ mentions: a.mentions, isDirect: flag, image: a.image }) as never,
  ),
  alertReply: of(alert.alertReply, a.step, a.image as never),
  digestMessage: over(
    digest.digestMessage,
    a.notice.filter((one) => one.about === 'digest'),
  ),
  dryRunMessage: over(dry.dryRunMessage, a.dryRun),
  expectedForm: of(
    expected.expectedForm,
    a.workspace,
    a.finding,
    fc.constantFrom(...useReasons),
    a.monthlyWindow,
  ),
  quarantinedMessage: of(expected.quarantinedMessage, a.key, a.receipt),
  fleetMessage: over(fleet.fleetMessage, a.fleet),
  snoozeForm: of(forms.snoozeForm, id('ws'), a.finding),
  assignForm: of(forms.assignForm, id('ws'), a.finding),
  groupMessage: over(group.groupMessage, a.group),
  noticeMessage: over(notice.noticeMessage, a.notice),
  auditMessage: of(
    audit.auditMessage,
    many(a.event, audit.auditPage),
    fc.record({ before: fc.nat() }),
    a.workspace,
  ),
  checkpointMessage: of(checkpoint.checkpointMessage, a.checkpoint, flag as never),
  helpMessage: of(help.helpMessage, a.caller, fc.constant(commands.map((command) => command.help))),
  guessMessage: of(
    help.guessMessage,
    id('ws'),
    longWords,
    maybe(fc.constantFrom('revoke', 'list')),
    maybe(a.key),
  ),
  verbHelpMessage: over(help.verbHelpMessage, helpLine),
  startMessage: of(help.startMessage, a.caller, fc.record({ create: flag, request: flag }), a.inboxCount),
  homeView: over(home.homeView, a.homeProps),
  inboxMessage: over(inbox.inboxMessage, a.inboxProps),
  bareHomeView: over(home.bareHomeView, a.homeProps),
  deactivateView: of(change.deactivateView, a.key, stake),
  revokeView: of(change.revokeView, a.key, stake),
  activatedMessage: of(
    change.activatedMessage,
    a.key,
    fc.constantFrom('now' as const, 'soon' as const, 'when-resumed' as const),
  ),
  restrictedView: of(change.restrictedView, restriction, a.key, a.receipt),
  ownerNoticeMessage: over(
    change.ownerNoticeMessage,
    fc.record({
      about: fc.constant('key-changed' as const),
      what: fc.constantFrom('deactivate' as const, 'activate' as const, 'revoke' as const, 'given' as const),
      by: user,
      name,
      hint: maybe(hint).map((one) => one ?? null),
    }),
  ),
  createForm: over(
    create.createForm,
    fc
      .record({
        kind: fc.constantFrom('create' as const, 'request' as const),
        caller: a.caller,
        ownerId: user,
        name: maybe(longWords),
        chosen: chosenScopes,
        expires,
        rival: maybe(a.key.filter((one) => one.integration !== '')),
        now: at,
      })
      .map(({ caller: { workspace, workspaces }, name: typed, rival, ...rest }) => ({
        ...{ ...rest, workspace, workspaces },
        ...(typed === undefined ? {} : { name: typed }),
        ...(rival ? { rival } : {}),
      })),
  ),
  editForm: over(edit.editForm, a.key),
  editedView: of(edit.editedView, a.key, maybe(a.receipt)),
  holdersView: of(
    holders.holdersView,
    a.key,
    a.holders,
    fc.record({ mayChange: flag, viewerId: user }),
    maybe(user.map((one) => say`${{ user: one }} is noted.`)) as never,
  ),
  leakedForm: over(leaked.leakedForm, a.workspace),
  leakReportedView: of(
    leaked.leakReportedView,
    fc.array(fc.record({ name, hint, state: leakState }), { maxLength: 120 }),
    count,
    maybe(a.receipt) as never,
  ),
  pastedMessage: over(
    pasted.pastedMessage,
    fc.record({
      ...{ about: fc.constant('pasted' as const), hint, channel, state: leakState, isConfirmed: flag },
      link: fc.constantFrom('', 'https://acme.slack.com/archives/C0GENERAL1/p1', 'https://x/<a|b>'),
    }),
  ),
  leakedPolicyForm: over(leakedPolicyForm, a.workspace),
  watchForm: over(watch.watchForm, a.workspace),
  watchedView: of(watch.watchedView, count, fc.array(name, { maxLength: 40 })),
  listMessage: of(
    list.listMessage,
    a.page,
    filter,
    fc.record({ actor: a.member, workspace: a.workspace }),
    at,
  ),
  searchForm: of(
    list.searchForm,
    a.workspace,
    many(name, 200).map((all) => [...new Set(all.filter((one) => one.trim() !== ''))]),
  ),
  pickerMessage: of(
    pick.pickerMessage,
    a.keys(100),
    fc.constantFrom('show', 'rotate'),
    fc.constantFrom('Which key?', 'Several keys match. Which one?'),
  ),
  nearMessage: of(pick.nearMessage, longWords, a.keys(5)),
  requestMessage: of(
    request.requestMessage,
    a.request,
    maybe(fc.record({ name, integration: name })) as never,
  ),
  waitsMessage: of(request.waitsMessage, a.request, fc.constantFrom(2, 7), a.mentions),
  answerMessage: over(
    request.answerMessage,
    a.request.filter((one) => one.state !== 'waiting'),
  ),
  myRequestsMessage: of(request.myRequestsMessage, many(a.request, 10), a.workspace, flag),
  withdrawnMessage: over(request.withdrawnMessage, a.request),
  narrowForm: over(
    request.narrowForm,
    a.request.filter((one) => one.draft.scopes.length > 0),
  ),
  approvedView: over(request.approvedView, a.request),
  sentView: over(request.sentView, a.request),
  denyForm: over(request.denyForm, a.request),
  deniedView: over(request.deniedView, a.request),
  revealedMessage: over(reveal.revealedMessage, a.key),
  waitingForOwnerView: over(reveal.waitingForOwnerView, a.key),
  notVoidMessage: over(reveal.notVoidMessage, a.key),
  keyView: of(
    show.keyView,
    a.key,
    fc.record({
      history: many(
        fc.tuple(moment, name).map(([on, of_]) => say`${{ moment: on }}  somebody edited ${{ name: of_ }}.`),
        30,
      ),
      expected: a.expectations,
      lineage: fc.record({ before: a.relatives, after: a.relatives }),
      running: maybe(a.rotation),
    }),
    a.member,
    at,
  ),
  showOnceView: of(once.showOnceView, a.key, token, maybe(hint) as never),
  savedView: over(once.savedView, a.key),
  shownMessage: over(once.shownMessage, a.key),
  didYouCopyMessage: over(once.didYouCopyMessage, a.key),
  keptMessage: over(once.keptMessage, a.key),
  formerMessage: of(once.formerMessage, a.key, hint, maybe(moment)),
  wholeKeyMessage: of(whole.wholeKeyMessage, maybe(a.key), a.member),
  connectView: of(connect.connectView, a.workspace, a.connections),
  connectionView: of(
    connect.connectionView,
    a.connection,
    fc.constant('kwd_0123456789abcdef0123456789abcdef'),
  ),
  previewForm: over(
    offboard.previewForm,
    fc
      .tuple(a.preview, user, a.workspace)
      .map(([preview, leaver, workspace]) => ({ ...preview, leaver, workspace })),
  ),
  begunView: of(
    offboard.begunView,
    user,
    count,
    channel,
    fc.option(fc.oneof(user, name), { nil: undefined }),
  ),
  undoForm: of(offboard.undoForm, a.workspace, a.undone),
  undoneView: of(offboard.undoneView, a.undone, a.receipt),
  offboardingMessage: over(progress.offboardingMessage, a.report),
  ownerNamedMessage: over(ownerNamed.ownerNamedMessage, a.ownerNamed),
  fileInWords: over(
    reportFile.fileInWords,
    fc.record({
      name,
      text: many(name, 600).map((lines) => `offboarding,leaver\n${lines.join('\n')}`),
    }),
  ),
  progressView: of(progress.progressView, a.reported, a.leaverCounts),
  refusalMessage: over(refusal.refusalMessage, anyRefusal),
  refusalView: of(refusal.refusalView, fc.constantFrom('Rotate keys', 'Keywarden'), anyRefusal),
  keptForm: over(keptForm, typedForm),
  askedMessage: of(review.askedMessage, a.asked, fc.constantFrom('dm' as const, 'here' as const)),
  progressMessage: over(review.progressMessage, a.progress),
  reminderMessage: over(review.reminderMessage, a.asked),
  reasonForm: of(
    reasonFor.reasonForm,
    fc.constantFrom('review.needed', 'alert.needed'),
    fc.constant('ws_0123456789abcdefghij/dm mine key_0123456789abcdefghij'),
    many(fc.record({ id: name, name, scopes: many(fc.constantFrom('write', 'agents'), 5) }), 10).filter(
      isSome,
    ),
    fc.constant(10),
  ),
  campaignMessage: over(campaign.campaignMessage, a.campaign),
  finishEarlyForm: over(dialogs.finishEarlyForm, a.tracker),
  abortForm: over(dialogs.abortForm, a.tracker),
  endView: of(
    dialogs.endView,
    fc.constantFrom('finish' as const, 'abort' as const),
    a.tracker,
    maybe(a.receipt),
  ),
  finishedManyView: of(dialogs.finishedManyView, count, maybe(a.receipt)),
  offersMessage: over(offer.offersMessage, a.offer),
  lapsedMessage: over(offer.lapsedMessage, many(fc.record({ name }), 300).filter(isSome)),
  remindMessage: over(dialogs.remindMessage, a.trackers(300).filter(isSome)),
  noteMessage: of(notes.noteMessage, a.rotationNote, many(user, 40)),
  rotateForm: over(
    rotate.rotateForm,
    fc
      .record({
        ...{ key: a.key, workspace: a.workspace, now: at, reason, last24h: a.last24h, holders: a.holders },
        chosen: chosenScopes,
        expiry: maybe(fc.record({ expires })),
      })
      .map(({ expiry, ...rest }) => ({ ...rest, ...(expiry ? { expiry } : {}) })),
  ),
  rotatedView: of(rotate.rotatedView, started, flag, channel, at),
  compromisedView: of(rotate.compromisedView, started, flag, maybe(a.receipt)),
  campaignForm: over(
    rotateMany.campaignForm,
    fc.record({
      workspace: a.workspace,
      choice: fc.constantFrom(...rotateMany.choices),
      of: fc.oneof(name, user),
      reason,
      integrations: many(name, 100).map((all) => [...new Set(all.filter((one) => one !== ''))]),
      keys: maybe(a.keys(maxKeys)),
    }),
  ),
  campaignBegunView: of(rotateMany.campaignBegunView, words, channel),
  trackerMessage: over(tracker.trackerMessage, a.tracker),
  trackerView: of(tracker.trackerView, a.tracker, a.member),
  csvSentMessage: over(file.csvSentMessage, name),
  noFilesMessage: of(
    file.noFilesMessage,
    name,
    many(
      name.map((one) => one.replace(/[\r\n]/g, ' ')),
      600,
    ).map((lines) => `\ufeffat,key,requests\r\n${lines.join('\r\n')}`),
  ),
  usageOverview: of(overview.usageOverview, a.overview, a.image as never),
  overviewReply: of(
    overview.overviewReply,
    a.overview,
    maybe(fc.constant('https://acme.slack.com/archives/D1/p1')),
  ),
  recentMessage: of(recent.recentMessage, a.key, a.recent, a.recentTurn),
  usagePanel: of(panel.usagePanel, a.panel, a.image as never),
  usageReply: of(panel.usageReply, a.panel, maybe(fc.constant('https://acme.slack.com/archives/D1/p1'))),
  policyForm: of(
    policy.policyForm,
    a.workspace,
    fc.constantFrom(...(['keys', 'rotation', 'review', 'leaving', 'alerts'] as const)),
    fc.record({ alerts: maybe(channel), audit: maybe(channel) }),
  ),
  policyOverview: over(policy.policyOverview, a.workspace),
  policySavedView: of(policy.policySavedView, a.workspace, fc.array(name, { maxLength: 2 })),
  suspendForm: of(suspend.suspendForm, a.workspace, count, fc.constant(5_000)),
  suspendedView: of(suspend.suspendedView, a.workspace, a.receipt),
  resumedMessage: of(suspend.resumedMessage, a.workspace, a.receipt),
  rolesForm: over(
    roles.rolesForm,
    fc
      .record({
        workspace: a.workspace,
        people: many(fc.record({ userId: user, role: a.member.map(({ role }) => role) }), 300),
        groups: many(fc.record({ groupId: id('S'), role: a.member.map(({ role }) => role) }), 100),
        usergroups: many(fc.record({ id: id('S'), name }), 200),
        done: maybe(user.map((one) => say`${{ user: one }} is a manager now.`)),
      })
      .map(({ done, ...rest }) => ({ ...rest, ...(done ? { done } : {}) })),
  ),
}

/** A form as Slack sends it back, with something in each of its fields. */
function keptForm({ values, errors }: { values: string[]; errors: string[] }): ModalView {
  const fields = values.map((value, i) => ({ id: `field${i}`, value }))
  return refusal.keptForm(
    {
      callback_id: 'any',
      private_metadata: '',
      title: { type: 'plain_text', text: 'Create key' },
      submit: { type: 'plain_text', text: 'Create key' },
      close: null,
      blocks: fields.map((field) => ({
        type: 'input',
        block_id: field.id,
        label: { type: 'plain_text', text: 'Name' },
        element: { type: 'plain_text_input', action_id: field.id, initial_value: 'before' },
      })),
      state: {
        values: Object.fromEntries(
          fields.map((field) => [field.id, { [field.id]: { type: 'plain_text_input', value: field.value } }]),
        ),
      },
    },
    Object.fromEntries(errors.map((error, i) => [`field${i}`, error])),
  )
}
