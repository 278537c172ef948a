/**
 * npm run bench:offboarding: what happens when many people leave at once. `-- burst` sends 200 leavers at 25 a second
 * through SCIM and through the webhook, to one process and to split roles (`-- burst 200 oneProcess`: to one alone);
 * `-- hour` lets 5,000 leave in a simulated hour. Without an argument both.
 */
import { burst } from './offboarding/burst.ts'
import { hour } from './offboarding/hour.ts'
import { report } from './table.ts'

const [mode = 'both', count, only] = process.argv.slice(2)
const table: Parameters<typeof report>[1] = {}
const figures: Record<string, unknown> = {}
let ok = true
if (mode !== 'hour')
  for (const layout of ['oneProcess', 'splitRoles'] as const)
    if (!only || only === layout)
      for (const { name, ...found } of await burst(layout, Number(count ?? 200))) {
        table[name] = found.shown
        figures[name] = found.figures
        ok &&= found.ok
      }
if (mode !== 'burst') {
  const found = await hour(Number(count ?? 5_000))
  for (const [name, hour] of Object.entries(found.shown)) table[name] = { hour }
  figures.hour = found.figures
  ok &&= found.ok
}
report('offboarding', table, figures, ok)
