import { useEffect, useState } from 'react'
import type { Calendar as CalendarState } from '../contract.ts'
import { api } from './api.ts'
import { Icon } from './icons.tsx'
import { fullMoment, type Reader } from './time.ts'

const DAY_MS = 86_400_000
const POLL_MS = 500
const MINUTE_MS = 60_000
const STEPS = [
  { label: '+1 day', days: 1 },
  { label: '+1 week', days: 7 },
  { label: '+90 days', days: 90 },
]

type Run = { fromMs: number; toMs: number; atMs: number }

/** Moves the workspace's calendar; everything that falls due on the way is done before it stands still again. */
export function Calendar({ reader }: { reader: Reader }) {
  const [run, setRun] = useState<Run>()
  const [failure, setFailure] = useState(false)
  const [action, setAction] = useState<CalendarState['action']>()
  const nowMs = Math.max(reader.now, run?.atMs ?? 0)
  const running = run !== undefined
  useEffect(() => {
    if (!running) return
    const poll = setInterval(() => {
      void api.calendar().then(
        ({ now }) => setRun((was) => was && { ...was, atMs: Date.parse(now) }),
        () => {},
      )
    }, POLL_MS)
    return () => clearInterval(poll)
  }, [running])
  useEffect(() => {
    void api.calendar().then(
      (calendar) => setAction(calendar.action),
      () => {},
    )
  }, [])
  const move = async (ms: number, act: () => Promise<object>) => {
    setFailure(false)
    setRun({ fromMs: reader.now, toMs: reader.now + ms, atMs: reader.now })
    const answer = await act()
    setFailure('ok' in answer)
    setRun(undefined)
  }
  return (
    <section className="calendar" aria-label="Calendar" aria-busy={running}>
      <Icon name="calendar" size={16} />
      <time dateTime={new Date(nowMs).toISOString()}>{fullMoment(nowMs, reader)}</time>
      {STEPS.map(({ label, days }) => (
        <button
          key={days}
          type="button"
          disabled={running}
          onClick={() => void move(days * DAY_MS, () => api.advance(days))}
        >
          {label}
        </button>
      ))}
      {action && (
        <button
          type="button"
          disabled={running}
          onClick={() => void move(action.minutes * MINUTE_MS, api.runAction)}
        >
          {action.label}
        </button>
      )}
      {run && <Progress run={run} nowMs={nowMs} />}
      {failure && (
        <span className="calendar-failure" role="alert">
          The calendar did not move.
        </span>
      )}
    </section>
  )
}

function Progress({ run, nowMs }: { run: Run; nowMs: number }) {
  const done = (nowMs - run.fromMs) / (run.toMs - run.fromMs)
  const known = done > 0.005
  return (
    <progress
      className={known ? '' : 'unknown'}
      aria-label="Moving the calendar"
      max={1}
      value={known ? Math.min(1, done) : undefined}
    />
  )
}
