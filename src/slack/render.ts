import type { ImageBlock } from '@slack/types'
import type { Alert, Notice } from '../alerts/alert.ts'
import type { FindingContent } from '../alerts/finding-source.ts'
import type { CheckpointContent } from '../alerts/put-checkpoints.ts'
import type { FleetContent } from '../anomaly/fleet-message.ts'
import type { OwnerContent } from '../keys/notify-owner.ts'
import type { OfferContent } from '../keys/offers.ts'
import type { PastedContent } from '../leaks/source.ts'
import type { Content } from '../notifications/source.ts'
import type { OwnerNamed } from '../offboarding/owner-named.ts'
import type { OffboardingContent, StepContent } from '../offboarding/source.ts'
import type { ReviewContent } from '../reviews/source.ts'
import type { RotationContent } from '../rotation/source.ts'
import type { RequestContent } from '../workspaces/request-source.ts'
import type { Message } from './blocks.ts'
import { alertMessage, alertReply } from './messages/alerts/alert.ts'
import type { Links } from './messages/alerts/digest.ts'
import { fleetMessage } from './messages/alerts/fleet.ts'
import { groupMessage } from './messages/alerts/group.ts'
import { noticeMessage } from './messages/alerts/notice.ts'
import { checkpointMessage } from './messages/audit/checkpoint.ts'
import { ownerNoticeMessage } from './messages/keys/change.ts'
import { lapsedMessage, offersMessage } from './messages/keys/offers.ts'
import { pastedMessage } from './messages/keys/pasted.ts'
import { answerMessage, requestMessage, waitsMessage } from './messages/keys/request.ts'
import { ownerNamedMessage } from './messages/offboarding/owner-named.ts'
import { offboardingMessage } from './messages/offboarding/progress.ts'
import { fileInWords } from './messages/offboarding/report-file.ts'
import { askedMessage, progressMessage, reminderMessage } from './messages/reviews/review.ts'
import { campaignMessage } from './messages/rotation/campaign.ts'
import { remindMessage } from './messages/rotation/dialogs.ts'
import { noteMessage } from './messages/rotation/notes.ts'
import { trackerMessage } from './messages/rotation/tracker.ts'
import { usePicture } from './messages/usage/picture.ts'
import type { Illustration } from './upload-chart.ts'

/** Everything that a message can be about. */
type AnyContent =
  | FindingContent
  | FleetContent
  | ReviewContent
  | RotationContent
  | OfferContent
  | CheckpointContent
  | OffboardingContent
  | OwnerNamed
  | RequestContent
  | OwnerContent
  | PastedContent
  | Notice

type About<A> = Extract<AnyContent, { about: A }>

export type Place = { mentions: readonly string[]; isDirect: boolean; links?: Links }

export type Rendering = {
  render(image?: ImageBlock): Message
  /** a picture that the words can do without */
  illustration?: Illustration | undefined
  /** the command to type where buttons cannot be shown */
  instead?: string
  /** uploaded in place of the message, where Slack takes files */
  file?: FileContent
}

export type FileContent = About<'file'>

/** The messages in Slack that this content links to. */
export const linkedIn = (content: Content): { channelId: string; ts: string }[] =>
  content.about === 'digest' ? (content as About<'digest'>).urgent.flatMap(({ at }) => at ?? []) : []

export const isFile = (content: Content): content is FileContent => content.about === 'file'

/** Everything that is shown in a message; a workflow's step is completed instead. */
type Shown = Exclude<AnyContent, StepContent>

type Renderers = { [A in Shown['about']]: (content: About<A>, place: Place) => Rendering }

const plainly = (make: () => Message, instead?: string): Rendering => ({
  render: make,
  ...(instead ? { instead } : {}),
})

const notice = (content: Notice, { links }: Place): Rendering => plainly(() => noticeMessage(content, links))

/** How each kind of message is shown in Slack; the compiler names what a new kind needs. */
const renderers: Renderers = {
  alert: ({ alert }, { mentions, isDirect }) => ({
    render: (image) =>
      alertMessage(alert, { mentions: [...mentions], isDirect, ...(image ? { image } : {}) }),
    illustration: usePicture(alert),
    instead: commandFor(alert),
  }),
  group: ({ group }) => plainly(() => groupMessage(group), '/keys inbox alerts'),
  'alert-step': ({ step }) => ({
    render: (image) => alertReply(step, image),
    illustration: step.step.startsWith('notified-') && !step.action ? usePicture(step.alert) : undefined,
  }),
  fleet: ({ fleet }) => plainly(() => fleetMessage(fleet)),
  asked: ({ asked }) => plainly(() => askedMessage(asked, 'dm'), '/keys review'),
  progress: ({ progress }) => plainly(() => progressMessage(progress), '/keys review'),
  'review-reminder': ({ asked }) => plainly(() => reminderMessage(asked), '/keys review'),
  rotation: ({ tracker }) => {
    const { hint, name } = tracker.facts.old
    return plainly(() => trackerMessage(tracker), `/keys rotate ${hint ?? name}`)
  },
  campaign: ({ campaign }) => plainly(() => campaignMessage(campaign), '/keys rotate NAME'),
  'rotation-note': ({ note }, { mentions }) => plainly(() => noteMessage(note, mentions)),
  'rotation-reminder': ({ trackers }) => plainly(() => remindMessage(trackers)),
  offer: ({ offer }) => plainly(() => offersMessage(offer)),
  'offer-lapsed': ({ keys }) => plainly(() => lapsedMessage(keys)),
  checkpoint: (content) => plainly(() => checkpointMessage(content, content.isReply)),
  offboarding: ({ report }) => plainly(() => offboardingMessage(report), '/keys offboard @person'),
  'owner-named': (named) => plainly(() => ownerNamedMessage(named), '/keys offboard @person'),
  file: (file) => ({ ...plainly(() => fileInWords(file)), file }),
  request: ({ request, rival }) => plainly(() => requestMessage(request, rival)),
  'request-waits': ({ request, days }, { mentions }) =>
    plainly(() => waitsMessage(request, days, mentions), '/keys inbox requests'),
  'request-answered': ({ request }) => plainly(() => answerMessage(request)),
  'key-changed': (content) => plainly(() => ownerNoticeMessage(content)),
  pasted: (content) => plainly(() => pastedMessage(content)),
  'channel-lost': notice,
  unreachable: notice,
  digest: notice,
  welcome: notice,
  quarantined: notice,
  'offboarded-elsewhere': notice,
  'step-refused': notice,
}

const commandFor = ({ key }: Alert): string => `/keys show ${key.hint || key.name}`

/** How to show this content there. @throws whatever makes it impossible to show */
export const rendering = (content: Content, place: Place): Rendering =>
  (renderers[content.about as Shown['about']] as (content: Content, place: Place) => Rendering)(
    content,
    place,
  )
