import type { BlockAction, ViewClosedAction, ViewOutput, ViewSubmitAction } from '@slack/bolt'
import type { Claim } from '../caller.ts'
import type { Values } from '../interaction.ts'

/** The user that a payload claims, the team where they act, and the workspace in its reference. All of it is looked up. */
export function claimOf(body: BlockAction | ViewSubmitAction | ViewClosedAction, workspace?: string): Claim {
  const teamId = body.team?.id ?? body.user.team_id ?? ''
  return { teamId, userId: body.user.id, ...(workspace ? { workspace } : {}) }
}

/** The value of a button or of the chosen option. */
export function chosen(action: BlockAction['actions'][number]): string {
  if ('value' in action && typeof action.value === 'string') return action.value
  if ('selected_option' in action) return action.selected_option?.value ?? ''
  return ''
}

/** Identifies a click by person, control and value, so that a repeat has the same key. */
export function clickKey({ user, actions, container }: BlockAction): string {
  const action = actions[0]!
  const place = container as Record<string, unknown>
  const choice = JSON.stringify(choiceOf(action))
  return [user.id, place.view_id ?? place.message_ts, action.block_id, action.action_id, choice].join(' ')
}

/** The control's input without `action_ts`, which differs with every click. */
const choiceOf = ({ action_ts: _, ...rest }: BlockAction['actions'][number]) => rest

/** A dialog's inputs by field: each is alone in a block named after its field. */
export function valuesOf(view: Pick<ViewOutput, 'state'>): Values {
  const values: Values = {}
  for (const [field, inputs] of Object.entries(view.state.values)) {
    const state = Object.values(inputs)[0]
    values[field] =
      state?.value ??
      state?.selected_option?.value ??
      state?.selected_options?.map((option) => option.value) ??
      state?.selected_user ??
      state?.selected_conversation ??
      state?.selected_conversations ??
      state?.selected_date ??
      state?.selected_time ??
      null
  }
  return values
}
