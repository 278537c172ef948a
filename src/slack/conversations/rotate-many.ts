import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { integrationsOf, keysToRotate, startCampaign, type Which } from '../../rotation/campaign.ts'
import { type Reason, reasons } from '../../rotation/rotation.ts'
import { notice, plainSection } from '../blocks.ts'
import { recipientError } from '../caller.ts'
import {
  type Handled,
  type Interaction,
  type OnClick,
  type OnCommand,
  type OnSubmit,
  textIn,
  type Values,
} from '../interaction.ts'
import { type Choice, campaignBegunView, campaignForm, choices } from '../messages/rotation/rotate-many.ts'
import { performFor } from '../perform-for.ts'

const maxIntegrations = 100

/**
 * `/keys rotate all [overdue|expiring|@user|words]`: a form with the keys and the reason, before anything happens.
 */
export const openCampaign: OnCommand = (interaction) => {
  const words = interaction.words.trim()
  const user = /^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>$/.exec(words)?.[1]
  const named = choices.find((choice) => choice === words.toLowerCase())
  const values: Values = named
    ? { which: named }
    : user
      ? { which: 'owner', of: user }
      : words
        ? { which: 'words', of: words }
        : { which: 'overdue' }
  return draw(interaction, values)
}

export const redrawCampaign: OnClick = (interaction) => draw(interaction, interaction.values)

async function draw(interaction: Interaction, values: Values): Promise<Handled> {
  const { workspace } = interaction.caller
  const { db, clock } = interaction.bot.world
  const which = whichIn(values)
  const props = await orDatabaseOut(async () => ({
    integrations: await integrationsOf(db, workspace.id, maxIntegrations),
    keys: which ? await keysToRotate(db, workspace, which, clock.now()) : undefined,
  }))
  if (isRefusal(props)) return props
  const { choice, of, reason } = chosenIn(values)
  await interaction.show(campaignForm({ workspace, choice, of, reason, ...props }))
}

const chosenIn = (values: Values): { choice: Choice; of: string; reason: Reason } => ({
  choice: choices.find((one) => one === textIn(values, 'which')) ?? 'overdue',
  of: textIn(values, 'of'),
  reason: reasons.find((one) => one === textIn(values, 'reason')) ?? 'scheduled',
})

/** The selection on the form; undefined while it is incomplete. */
function whichIn(values: Values): Which | undefined {
  const { choice, of } = chosenIn(values)
  if (choice === 'overdue' || choice === 'expiring') return { of: choice }
  if (of === '') return undefined
  if (choice === 'owner') return { of: 'owner', ownerId: of }
  return choice === 'integration' ? { of: 'integration', integration: of } : { of: 'words', words: of }
}

export const submitCampaign: OnSubmit = async (interaction) => {
  const { bot, caller } = interaction
  const { world } = bot
  const which = whichIn(interaction.values)
  if (!which) return interaction.complain({ of: 'Say which.' })
  const { reason } = chosenIn(interaction.values)
  const owner = textIn(interaction.values, 'owner')
  const isLeaver = reason === 'leaver'
  if (isLeaver && owner === '') return interaction.complain({ owner: 'Choose who takes over.' })
  if (isLeaver && which.of === 'owner' && which.ownerId === owner)
    return interaction.complain({ owner: 'They own the old keys. Choose somebody who stays.' })
  await interaction.work(notice('Rotate keys', [plainSection('Starting...')]))
  const wrong = isLeaver && (await recipientError(world, bot.web, caller, owner))
  if (wrong) return interaction.complain({ owner: wrong })
  const wanted = { which, reason, ...(isLeaver ? { newOwnerId: owner } : {}) }
  const campaign = await performFor(interaction, (act) =>
    startCampaign(act, caller.workspace, wanted, world.random),
  )
  if (isRefusal(campaign)) return campaign
  await interaction.show(campaignBegunView(campaign.title, caller.workspace.policy.alertChannel))
  bot.refresh(caller.workspace)
}
