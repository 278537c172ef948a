import type { KnownBlock } from '@slack/types'
import { dayMs } from '../../../foundation/time.ts'
import { longestDays, mustExpire } from '../../../policy/policy.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { context, input, option, select, textInput } from '../../blocks.ts'
import { mrkdwnDate } from '../../phrase.ts'

export type ExpiryProps = {
  workspace: Workspace
  /** scopes ticked so far */
  chosen: readonly string[]
  /** the expiry chosen so far: days, `other` or `never` */
  expires: string
  /** with `other`: the days typed so far */
  days?: string
  /** with `other`: the end date chosen so far, as 2027-03-01 */
  until?: string
  now: Date
}

/** The lifetimes in the menu, in days. */
export const presets = ['30', '90', '180', '365']
export const defaultExpiry = '90'

/** The whole days from now until a date of UTC; 0 or less when it has come. Pure. */
export const daysUntil = (date: string, now: Date): number =>
  Math.ceil((Date.parse(`${date}T00:00:00Z`) - now.getTime()) / dayMs)

/** A preset, any number of days or an end date, with the resulting date. */
export function expiryInputs(formName: string, props: ExpiryProps): KnownBlock[] {
  const { policy } = props.workspace
  const max = longestDays(policy)
  const maybeNever = !mustExpire(props.chosen, policy)
  const options = [
    ...presets.filter((preset) => Number(preset) <= max).map((preset) => option(`${preset} days`, preset)),
    option('Other', 'other'),
    ...(maybeNever ? [option('Never', 'never')] : []),
  ]
  const offered = (wanted: string) => options.find((one) => one.value === wanted)
  const chosen = String((offered(props.expires) ?? offered(defaultExpiry) ?? options[0]!).value)
  return [
    input('expires', 'Expires', select(options, chosen), { redraws: formName }),
    ...(chosen === 'other' ? otherInputs(formName, props, { max, maybeNever }) : []),
    ...consequence(chosen, props, maybeNever),
  ]
}

const otherInputs = (
  formName: string,
  { days, until }: ExpiryProps,
  { max, maybeNever }: { max: number; maybeNever: boolean },
): KnownBlock[] => [
  input('days', 'Days', textInput({ hintText: '45', ...(days ? { initial_value: days } : {}) }), {
    hint: `A whole number of days from 1 to ${max}.${maybeNever ? ' Leave both blank for no end.' : ''}`,
    optional: true,
    redraws: formName,
  }),
  input(
    'until',
    'Or an end date',
    { type: 'datepicker', ...(until ? { initial_date: until } : {}) },
    {
      hint: 'Counted from today: a key that is revealed later ends as much later.',
      optional: true,
      redraws: formName,
    },
  ),
]

function consequence(chosen: string, { days, until, now }: ExpiryProps, maybeNever: boolean): KnownBlock[] {
  const typed = days ? Number(days) : until ? daysUntil(until, now) : 0
  const counted = chosen === 'other' ? typed : Number(chosen)
  if (counted > 0 && Number.isSafeInteger(counted) && counted <= 1_000_000) {
    const ends = new Date(now.getTime() + counted * dayMs)
    return [context(`If revealed today, it stops working on ${mrkdwnDate(ends, '{date_long}')}.`)]
  }
  const isOpen = chosen === 'never' || (chosen === 'other' && maybeNever && !days && !until)
  return isOpen
    ? [context('⚠️ It works until somebody revokes it. Keys used in production should always expire.')]
    : []
}
