import { ensureInstalled, type ProgramName } from '../../sandbox/services/install.ts'

/** The path of a program, installed when missing; undefined, with a warning, where it cannot be. A CI must have it. */
export function installed(name: ProgramName): string | undefined {
  try {
    return ensureInstalled([name], console.log)[0]
  } catch (error) {
    if (process.env.CI) throw error
    console.warn(`What needs it is not tested. ${(error as Error).message}`)
    return undefined
  }
}
