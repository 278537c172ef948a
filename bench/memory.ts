/** npm run bench:memory: a million keys, verified once each; the process must not keep them all. */
import { residentBytes } from './load/cpu.ts'
import { startProduct } from './load/server.ts'
import { openStage } from './load/stage.ts'
import { verifyOnce } from './load/verify-once.ts'

const count = Number(process.env.KEYS ?? 1_000_000)
const stage = await openStage(count)
const product = await startProduct(stage.postgres.url)
let next = 0
let peak = 0
let wrong = 0
const watching = setInterval(() => {
  peak = Math.max(peak, residentBytes(product.pid))
}, 200)
await Promise.all(
  Array.from({ length: 64 }, async () => {
    while (next < stage.keys.length) {
      const { code } = await verifyOnce(product.url, stage.keys[next++]!.token)
      if (code !== 'VALID') wrong++
    }
  }),
)
clearInterval(watching)
const atEnd = residentBytes(product.pid)
await product.stop()
const { rows } = await stage.sql.query('select coalesce(sum(requests), 0)::int as counted from key_usage')
await stage.close()
const figures = {
  keys: count,
  peakMb: Math.round(peak / 1e6),
  atEndMb: Math.round(atEnd / 1e6),
  wrong,
  counted: rows[0].counted,
}
console.table([figures])
const ok = figures.peakMb < 400 && wrong === 0 && figures.counted === count
console.log(JSON.stringify({ ok, ...figures }))
process.exitCode = ok ? 0 : 1
