import { openDemo } from './open.ts'
import { openScene, type Scene, type Step, Unexpected } from './step.ts'
import { steps } from './story.ts'

/** Walks through the story in a demo of its own on that day, a line per step. Returns the exit code. */
export async function check(stopped: AbortSignal, today: Date): Promise<number> {
  const started = performance.now()
  const logged: string[] = []
  const log = { level: 'debug', destination: { write: (line: string) => void logged.push(line) } }
  console.log('Starting a demo of its own.')
  const demo = await openDemo({ say: console.log, log, stopped, today })
  try {
    if (!(await walk(steps, openScene(demo, logged), { say: console.log, stopped }))) return 1
    console.log(`All ${steps.length} steps are as promised. ${seconds(started)} s`)
    return 0
  } finally {
    await demo.close()
  }
}

type Output = { say: (line: string) => void; stopped: AbortSignal }

/** Ends at the first step that fails, with what was expected and what was seen. Returns whether none did. */
export async function walk(steps: readonly Step[], scene: Scene, { say, stopped }: Output): Promise<boolean> {
  for (const [i, step] of steps.entries()) {
    stopped.throwIfAborted()
    const line = `${String(i + 1).padStart(3)}  ${step.promises}`
    try {
      await step.walk(scene)
      say(`ok  ${line}`)
    } catch (error) {
      say(`FAIL${line}\n${explain(error)}`)
      return false
    }
  }
  return true
}

function explain(error: unknown): string {
  if (error instanceof Unexpected)
    return `${indented('expected', error.expected)}\n${indented('saw', error.seen)}`
  return indented('saw', error instanceof Error ? error.message : String(error))
}

const maxLines = 12

function indented(label: string, text: string): string {
  const lines = text.trim().split('\n')
  const shown = lines.slice(0, maxLines)
  if (lines.length > maxLines) shown.push(`and ${lines.length - maxLines} lines more`)
  return `         ${label.padEnd(10)}${shown.join(`\n${' '.repeat(19)}`)}`
}

const seconds = (started: number) => ((performance.now() - started) / 1000).toFixed(1)
