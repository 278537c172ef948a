import type { Config } from '../foundation/config.ts'

/** A check's result: the state, or the problem and its remedy. A warning does not fail the command. */
export type Finding = { state: 'ok' | 'warn' | 'FAIL'; said: string }
export type Check = (config: Config) => Promise<Finding[]>

export const good = (said: string): Finding => ({ state: 'ok', said })
export const warning = (said: string): Finding => ({ state: 'warn', said })
export const bad = (said: string): Finding => ({ state: 'FAIL', said })
