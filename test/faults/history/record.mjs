// Writes down what the product does with events, where a copy of it calls `keywardenEvent`: the product itself has no part
// in it.
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { serialize } from 'node:v8'

const folder = process.env.LAB_EVENTS
if (folder) {
  const file = openSync(join(folder, `${process.pid}.events`), 'a')
  const instances = new WeakMap()
  let count = 0
  /** One step of one instance; the first has the state in which it began. Written before the step has any effect. */
  globalThis.keywardenEvent = (owner, event) => {
    const isFirst = !instances.has(owner)
    if (isFirst) instances.set(owner, ++count)
    const { before, ...rest } = event
    const record = serialize({
      instance: instances.get(owner),
      ...rest,
      ...(isFirst ? { begun: before } : {}),
    })
    const length = Buffer.alloc(4)
    length.writeUInt32BE(record.length)
    writeSync(file, Buffer.concat([length, record]))
  }
}
