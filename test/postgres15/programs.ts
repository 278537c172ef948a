import { type PostgresPrograms, postgres15Programs } from '../../sandbox/services/postgres-programs.ts'

/** Undefined where this machine cannot have them. A CI that cannot is to be mended, since nobody reads its warnings. */
export const postgres15 = find()

function find(): PostgresPrograms | undefined {
  try {
    return postgres15Programs(console.log)
  } catch (error) {
    if (process.env.CI) throw error
    console.warn(`Nothing is tested on PostgreSQL 15. ${(error as Error).message}`)
    return undefined
  }
}
