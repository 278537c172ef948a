import { createInterface } from 'node:readline'
import { printError } from './print.ts'

/** Asks for one line and returns it trimmed; undefined when the input has ended. */
export async function ask(question: string): Promise<string | undefined> {
  printError(question)
  const lines = createInterface({ input: process.stdin })
  try {
    for await (const line of lines) return line.trim()
    return undefined
  } finally {
    lines.close()
  }
}
