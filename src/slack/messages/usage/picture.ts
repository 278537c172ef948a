import type { Alert } from '../../../alerts/alert.ts'
import { hourMs } from '../../../foundation/time.ts'
import type { Illustration } from '../../upload-chart.ts'
import { useFacts } from '../alerts/unusual-use.ts'

/** The picture of an alert about unusual use: 48 hours over the band of usual use; undefined for other alerts. */
export function usePicture(alert: Alert): Illustration | undefined {
  const { band, timeZone } = alert
  const [first, last] = [band?.[0], band?.at(-1)]
  if (!band || !first || !last) return undefined
  const began = new Date(useFacts(alert).beganAt).getTime()
  const incident = { fromMs: Math.max(first.fromMs, Math.min(began, last.toMs - hourMs)), toMs: last.toMs }
  return {
    picture: {
      kind: 'band',
      fromMs: first.fromMs,
      toMs: last.toMs,
      timeZone,
      steps: band,
      incident: { ...incident, label: 'unusual' },
    },
    filename: 'unusual-use.png',
    altText: altText(alert, band),
  }
}

/** Describes the picture with its figures: hours are counted back from the alert. */
function altText({ key, timeZone }: Alert, band: NonNullable<Alert['band']>): string {
  const last = band.at(-1)!
  const before = band.slice(0, -1)
  const max = Math.max(...before.map(({ requests }) => requests))
  const at = new Date(last.toMs).toLocaleString('en-GB', {
    timeZone,
    dateStyle: 'medium',
    timeStyle: 'short',
  })
  const figures = [
    `the last hour had ${requests(last.requests)}`,
    `at this time of day ${usual(last)}`,
    `the busiest of the 47 hours before had ${requests(max)}`,
  ]
  return `Requests per hour of ${key.hint} in the 48 hours until ${at} (${timeZone}), over the band of what is usual: ${figures.join('; ')}.`
}

function usual({ low, high }: { low: number; high: number }): string {
  if (high === 0) return 'none is usual'
  const range = low === high ? requests(high) : `${low.toLocaleString('en-US')} to ${requests(high)}`
  return `${range} ${high === 1 && low === high ? 'is' : 'are'} usual`
}

const requests = (n: number) => `${n.toLocaleString('en-US')} ${n === 1 ? 'request' : 'requests'}`
