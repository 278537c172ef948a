import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { liveKeyOfIntegration, nameInUse } from '../../keys/find.ts'
import { issue, type KeyDraft, type KeyRequest, nameIsTaken, readDraft } from '../../keys/issue.ts'
import type { Key } from '../../keys/key.ts'
import { tidy } from '../../keys/name.ts'
import { offerKey } from '../../keys/offers.ts'
import { reveal } from '../../keys/reveal.ts'
import { may } from '../../policy/may.ts'
import { integrationsOf } from '../../rotation/campaign.ts'
import { cut, notice, plainSection } from '../blocks.ts'
import { recipientError } from '../caller.ts'
import {
  type CommandInteraction,
  choicesIn,
  type Handled,
  type Interaction,
  type OnClick,
  type OnCommand,
  type OnSubmit,
  type SubmitInteraction,
  textIn,
  type Values,
} from '../interaction.ts'
import { type CreateProps, createForm, suggestedIntegrations } from '../messages/keys/create.ts'
import { defaultExpiry } from '../messages/keys/expiry.ts'
import { waitingForOwnerView } from '../messages/keys/reveal.ts'
import { fieldErrors } from '../messages/refusal.ts'
import { performFor } from '../perform-for.ts'
import { askForApproval } from './ask.ts'
import { expiryErrors, readExpiryChoice, readLifetime } from './expiry.ts'
import { performShowing, showOnce, tokenDeps } from './show-once.ts'

/** `/keys create [name]` */
export const openCreate: OnCommand = (interaction) => openForm(interaction, 'create')

/** Opens the form, with the name from the command. */
export async function openForm(interaction: CommandInteraction, kind: CreateProps['kind']): Promise<Handled> {
  const integrations = await suggestions(interaction)
  if (isRefusal(integrations)) return integrations
  await interaction.show(createForm(formProps(interaction, kind, { name: interaction.words, integrations })))
}

/** The integrations that this workspace has already, for the form to name. */
const suggestions = ({ bot, caller }: Interaction): Promise<string[] | Refusal> =>
  orDatabaseOut(() => integrationsOf(bot.world.db, caller.workspace.id, suggestedIntegrations))

/** Redraws the form after a choice that changes its content. */
export const redrawCreate: OnClick = async (interaction) => {
  const kind = interaction.metadata === 'request' ? 'request' : 'create'
  const chosen = interaction.caller.workspaces.find(
    (workspace) => workspace.id === textIn(interaction.values, 'workspace'),
  )
  const caller = { ...interaction.caller, workspace: chosen ?? interaction.caller.workspace }
  // A question about a second key for an integration stays on the form, with its answer.
  const integration = 'another' in interaction.values ? tidy(textIn(interaction.values, 'integration')) : ''
  const rival = await rivalOf({ ...interaction, caller }, integration)
  const integrations = await suggestions({ ...interaction, caller })
  if (isRefusal(integrations)) return integrations
  await interaction.show(
    createForm(
      formProps({ ...interaction, caller }, kind, {
        ...readProps(interaction.values),
        integrations,
        ...(rival ? { rival } : {}),
      }),
    ),
  )
}

function formProps(
  interaction: Interaction,
  kind: CreateProps['kind'],
  typed: Partial<CreateProps>,
): CreateProps {
  const { workspace, workspaces, actor } = interaction.caller
  const now = interaction.bot.world.clock.now()
  return { kind, workspace, workspaces, ownerId: actor.id, chosen: [], expires: defaultExpiry, now, ...typed }
}

const readProps = (values: Values): Partial<CreateProps> => ({
  chosen: choicesIn(values, 'scopes'),
  ...readExpiryChoice(values),
})

/** Answers with field errors, or with the new key, shown once. */
export const submitCreate: OnSubmit = async (interaction) => {
  const checked = await checkForm(interaction, 'create')
  if (!checked || isRefusal(checked)) return checked
  const { policy } = interaction.caller.workspace
  if (policy.writeNeedsApproval && checked.scopes.includes('write'))
    return askForApproval(
      interaction,
      checked,
      cut(`Policy: a key with write needs a second person. ${checked.description}`.trim(), 300),
    )
  return make(interaction, checked)
}

const working = {
  create: notice('Create key', [plainSection('Creating...')]),
  request: notice('Request a key', [plainSection('Sending...')]),
}

/**
 * Reads and checks the form as far as possible before the act, and acknowledges. Returns nothing when the form was
 * shown again.
 */
export async function checkForm(
  interaction: SubmitInteraction,
  kind: CreateProps['kind'],
): Promise<KeyRequest | Handled> {
  const { workspace, actor } = interaction.caller
  const { world, web } = interaction.bot
  const request = readDraft(readForm(interaction), workspace.policy)
  if (Array.isArray(request)) return interaction.complain(expiryErrors(interaction.values, request))
  const checks = await orDatabaseOut(async () => ({
    taken: await nameInUse(world.db, workspace.id, request.name),
    rival: choicesIn(interaction.values, 'another').includes('yes')
      ? undefined
      : await rivalOf(interaction, request.integration),
  }))
  if (isRefusal(checks)) return checks
  if (checks.taken) return interaction.complain(fieldErrors([nameIsTaken(request.name)]))
  if (checks.rival)
    return interaction.work(
      createForm(formProps(interaction, kind, { ...readProps(interaction.values), rival: checks.rival })),
    )
  await interaction.work(working[kind])
  const wrong =
    request.ownerId === actor.id
      ? undefined
      : await recipientError(world, web, interaction.caller, request.ownerId)
  return wrong ? interaction.complain({ owner: wrong }) : request
}

/** Finds a live key of the same integration. Members only see their own; the approver sees others on the request. */
async function rivalOf(interaction: Interaction, integration: string): Promise<Key | undefined> {
  if (integration === '') return undefined
  const { actor, workspace } = interaction.caller
  const rival = await liveKeyOfIntegration(interaction.bot.world.db, workspace.id, integration)
  return rival && may(actor, 'key.show', { workspaceId: workspace.id, ownerId: rival.ownerId })
    ? rival
    : undefined
}

function readForm({ values, caller, bot }: SubmitInteraction): KeyDraft {
  return {
    name: textIn(values, 'name'),
    description: textIn(values, 'description'),
    integration: tidy(textIn(values, 'integration')),
    scopes: choicesIn(values, 'scopes'),
    expiresInDays: readLifetime(values, bot.world.clock.now()),
    networks: textIn(values, 'networks'),
    limit: textIn(values, 'limit'),
    ownerId: textIn(values, 'owner') || caller.actor.id,
  }
}

/** Issues a key: revealed in the same act for oneself; for another person it waits for its owner. */
async function make(interaction: SubmitInteraction, request: KeyRequest): Promise<Handled> {
  const { world } = interaction.bot
  const { actor, workspace } = interaction.caller
  const mine = request.ownerId === actor.id
  const made = await (mine ? performShowing : performFor)(interaction, async (act) => {
    const key = await issue(act, workspace.id, request, world.random)
    if (isRefusal(key)) return key
    if (!mine) {
      await offerKey(act, key, 'made', world.random)
      return { key }
    }
    return reveal(act, workspace.id, key.id, tokenDeps(interaction))
  })
  if (isRefusal(made)) return made
  if ('token' in made) await showOnce(interaction, made.key, made.token)
  else await interaction.show(waitingForOwnerView(made.key))
  interaction.bot.refresh(workspace)
}
