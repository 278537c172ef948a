import { findings } from '../alerts/finding-source.ts'
import { notice } from '../alerts/notices.ts'
import { checkpoints } from '../alerts/put-checkpoints.ts'
import { fleetEvents } from '../anomaly/fleet-message.ts'
import { keyChanges } from '../keys/notify-owner.ts'
import { lapsedOffers, offers } from '../keys/offers.ts'
import { pastedTokens } from '../leaks/source.ts'
import type { Sources } from '../notifications/source.ts'
import { ownersNamed } from '../offboarding/owner-named.ts'
import { offboardingSteps, offboardings } from '../offboarding/source.ts'
import { reviewReminders, reviews } from '../reviews/source.ts'
import { rotationReminders, rotations } from '../rotation/source.ts'
import { requestAnswers, requests } from '../workspaces/request-source.ts'

/** Every kind of message that is sent to people, by the `source` of its outbox messages. */
export const sources: Sources = {
  finding: findings,
  fleet: fleetEvents,
  review: reviews,
  'review-reminder': reviewReminders,
  rotation: rotations,
  'rotation-reminder': rotationReminders,
  offer: offers,
  'offer-lapsed': lapsedOffers,
  checkpoint: checkpoints,
  offboarding: offboardings,
  'offboarding-step': offboardingSteps,
  'owner-named': ownersNamed,
  request: requests,
  'request-answer': requestAnswers,
  'key-changed': keyChanges,
  'channel-lost': notice('channel-lost'),
  unreachable: notice('unreachable'),
  digest: notice('digest'),
  pasted: pastedTokens,
  welcome: notice('welcome'),
  quarantined: notice('quarantined'),
  'offboarded-elsewhere': notice('offboarded-elsewhere'),
  'step-refused': notice('step-refused'),
}
