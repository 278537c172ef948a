import { useEffect, useState } from 'react'
import { api } from './api.ts'
import { Icon } from './icons.tsx'
import { fullMoment, type Reader } from './time.ts'

const DAY_MS = 86_400_000
const LOOK_MS = 500
const STEPS = [
  { label: '+1 day', days: 1 },
  { label: '+1 week', days: 7 },
  { label: '+90 days', days: 90 },
]

/** Until the detector has seen the five minutes of a leak, at the most. */
const LEAK_MS = 22 * 60_000

type Run = { fromMs: number; toMs: number; atMs: number }

/** Moves the workspace's calendar; whatever falls due on the way is done before it stands still again. */
export function Calendar({ reader }: { reader: Reader }) {
  const [run, setRun] = useState<Run>()
  const [failure, setFailure] = useState(false)
  const [canLeak, setCanLeak] = useState(false)
  const nowMs = Math.max(reader.now, run?.atMs ?? 0)
  const running = run !== undefined
  useEffect(() => {
    if (!running) return
    const look = setInterval(() => {
      void api.calendar().then(
        ({ now }) => setRun((was) => was && { ...was, atMs: Date.parse(now) }),
        () => {},
      )
    }, LOOK_MS)
    return () => clearInterval(look)
  }, [running])
  useEffect(() => {
    void api.calendar().then(
      (calendar) => setCanLeak(calendar.canLeak),
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
      {canLeak && (
        <button type="button" disabled={running} onClick={() => void move(LEAK_MS, api.leak)}>
          Leak a key
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
