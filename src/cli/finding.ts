import type { Config } from '../foundation/config.ts'
import { databaseStartError, reasonOf } from '../foundation/outage.ts'
import { StartError } from '../foundation/start-error.ts'

/** A check's result: the state, or the problem and its remedy. A warning does not fail the command. */
export type Finding = { state: 'ok' | 'warn' | 'FAIL'; said: string }
export type Check = (config: Config) => Promise<Finding[]>

export const good = (said: string): Finding => ({ state: 'ok', said })
export const warning = (said: string): Finding => ({ state: 'warn', said })
export const bad = (said: string): Finding => ({ state: 'FAIL', said })

/** Why Postgres did not answer a check, and the remedy: the sentence of a start that fails in the same way. */
export function aboutDatabase(error: Error): string {
  const known = error instanceof StartError ? error : databaseStartError(error)
  return known?.message ?? `Postgres says: ${reasonOf(error)}. Run keywarden migrate, and doctor again.`
}
