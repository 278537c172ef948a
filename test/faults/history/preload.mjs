// Loaded into a process under test before the product.
import './record.mjs'

const wallMs = Date.now
let stepMs = 0
Date.now = () => wallMs() + stepMs
if (process.channel) {
  process.on('message', (message) => {
    stepMs = message.clockStepMs
  })
  process.channel.unref()
}
