import { expect, test } from 'vitest'
import { short } from './alerts/phases.ts'
import { runFaults } from './alerts/run.ts'

test('workers that are killed after sending, replies that are dropped and a flushed Redis lose no alert and repeat none', async () => {
  const report = await runFaults(short, 40, () => undefined)
  expect(report.lost).toBe(0)
  expect(report.duplicates).toBeLessThanOrEqual(1)
  expect(report.slowestRecoverySeconds).toBeLessThanOrEqual(120)
  expect(report.alerts).toBe(short.length * 40)
  expect(report.deaths).toBeGreaterThan(0)
}, 90_000)
