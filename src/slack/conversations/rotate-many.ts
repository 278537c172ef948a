import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { integrationsOf, keysToRotate, startCampaign, type Which } from '../../rotation/campaign.ts'
import { type Reason, reasons } from '../../rotation/rotation.ts'
import { notice, plainSection } from '../blocks.ts'
import { isFullMember } from '../caller.ts'
import { type Choice, campaignBegunView, campaignForm, choices } from '../messages/rotation/rotate-many.ts'
import {
  type ClickStory,
  type CommandStory,
  type Conversation,
  type Story,
  type SubmitStory,
  textIn,
  type Values,
} from '../story.ts'

const mostIntegrations = 100

/** `/keys rotate all [overdue|expiring|@user|words]`: which keys, and why, before anything happens. */
export const openCampaign: Conversation<CommandStory> = (story) => {
  const words = story.words.trim()
  const user = /^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>$/.exec(words)?.[1]
  const named = choices.find((choice) => choice === words.toLowerCase())
  const values: Values = named
    ? { which: named }
    : user
      ? { which: 'owner', of: user }
      : words
        ? { which: 'words', of: words }
        : { which: 'overdue' }
  return draw(story, values)
}

export const redrawCampaign: Conversation<ClickStory> = (story) => draw(story, story.values)

async function draw(story: Story, values: Values): Promise<Refusal | undefined> {
  const { workspace } = story.caller
  const { db, clock } = story.door.world
  const which = whichIn(values)
  const look = await orDatabaseOut(async () => ({
    integrations: await integrationsOf(db, workspace.id, mostIntegrations),
    keys: which ? await keysToRotate(db, workspace, which, clock.now()) : undefined,
  }))
  if (isRefusal(look)) return look
  const { choice, of, reason } = chosenIn(values)
  await story.show(campaignForm({ workspace, choice, of, reason, ...look }))
  return undefined
}

const chosenIn = (values: Values): { choice: Choice; of: string; reason: Reason } => ({
  choice: choices.find((one) => one === textIn(values, 'which')) ?? 'overdue',
  of: textIn(values, 'of'),
  reason: reasons.find((one) => one === textIn(values, 'reason')) ?? 'scheduled',
})

/** Which keys the form means; undefined while it does not say whose or for what. */
function whichIn(values: Values): Which | undefined {
  const { choice, of } = chosenIn(values)
  if (choice === 'overdue' || choice === 'expiring') return { of: choice }
  if (of === '') return undefined
  if (choice === 'owner') return { of: 'owner', ownerId: of }
  return choice === 'integration' ? { of: 'integration', integration: of } : { of: 'words', words: of }
}

export const submitCampaign: Conversation<SubmitStory> = async (story) => {
  const { door, caller } = story
  const { world } = door
  const which = whichIn(story.values)
  if (!which) return void (await story.complain({ of: 'Say which.' }))
  const { reason } = chosenIn(story.values)
  const owner = textIn(story.values, 'owner')
  const wrong = await wrongOwner(story, which, reason, owner)
  if (wrong) return void (await story.complain({ owner: wrong }))
  await story.work(notice('Rotate keys', [plainSection('Starting...')]))
  const wanted = { which, reason, ...(reason === 'leaver' ? { newOwnerId: owner } : {}) }
  const campaign = await perform(
    world,
    caller.actor,
    (act) => startCampaign(act, caller.workspace, wanted, world.random),
    { requestId: story.requestId },
  )
  if (isRefusal(campaign)) return campaign
  await story.show(campaignBegunView(campaign.title, caller.workspace.terms.alertChannel))
  door.settle(caller.workspace)
  return undefined
}

async function wrongOwner(
  { door, caller }: SubmitStory,
  which: Which,
  reason: Reason,
  owner: string,
): Promise<string | undefined> {
  if (reason !== 'leaver') return undefined
  if (owner === '') return 'Choose who takes over.'
  if (which.of === 'owner' && which.ownerId === owner)
    return 'They own the old keys. Choose somebody who stays.'
  const isOneOfUs = await isFullMember(door.web, owner, caller.teamId).catch(() => false)
  return isOneOfUs ? undefined : 'Choose a person of this workspace.'
}
