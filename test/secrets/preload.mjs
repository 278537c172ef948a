// Loaded into the product's process before the product: what only that process can say of itself, and what a test puts into
// it to be found.
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString, writeHeapSnapshot } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { trace } from '@opentelemetry/api'

// Else a snapshot has the first kilobyte of each string alone.
setFlagsFromString('--heap-snapshot-string-limit=1000000000')
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const kept = []

const does = {
  plant({ text }) {
    kept.push({ text: `kept ${text}` })
    process.stdout.write(`planted ${text}\n`)
    process.stderr.write(`planted ${text}\n`)
    writeFileSync(join(tmpdir(), 'planted'), text)
    trace.getTracer('planted').startSpan(text).end()
  },
  async snapshot({ file }) {
    // What the last turns held is let go of before the next.
    for (let n = 0; n < 5; n++) {
      collect()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    writeHeapSnapshot(file)
  },
}

process.on('message', async (message) => {
  await does[message.does](message)
  process.send({ done: message.does })
})
process.on('disconnect', () => process.exit(9))
process.channel.unref()
