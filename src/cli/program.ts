import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { NotAnExport } from '../audit/read-export.ts'
import { SigningError } from '../audit/signing.ts'
import { ConfigError, readConfig } from '../foundation/config.ts'
import { LineTooLong } from '../foundation/lines.ts'
import { databaseStartError } from '../foundation/outage.ts'
import { packageRoot } from '../foundation/package-root.ts'
import { scrubber } from '../foundation/scrub.ts'
import { StartError } from '../foundation/start-error.ts'
import { isSlackUser } from '../foundation/words.ts'
import { addAddressVerbs } from './addresses.ts'
import { addAnomalyVerbs } from './anomaly.ts'
import { addAuditVerbs } from './audit.ts'
import { doctor } from './doctor.ts'
import type { TryLive } from './doctor-live.ts'
import { addKeyVerbs } from './keys.ts'
import { addMessageVerbs } from './messages.ts'
import { migrateDatabase, planMigration } from './migrate.ts'
import { addOffboardVerb } from './offboard.ts'
import { printError } from './print.ts'
import { NotAnImport } from './read-import.ts'
import { addReviewVerbs } from './review.ts'
import { type Start, serve } from './serve.ts'
import { addServiceTokenVerbs } from './service-tokens.ts'
import { addUsageVerbs } from './usage.ts'
import { addWorkspaceVerbs } from './workspaces.ts'

export type Shell = { env: Record<string, string | undefined>; start: Start; tryLive: TryLive }

/** Runs one operator's command and returns its exit code: 0 done, 1 refused or failed, 2 misused, 3 not proven, 4 not known whether it was saved. */
export async function runShell(argv: readonly string[], shell: Shell): Promise<number> {
  let code = 0
  const program = new Command('keywarden')
    .description(
      'Governs the API keys of a platform. Configuration comes from environment variables; see README.md.',
    )
    .version(versions())
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 refused or failed, 2 misused, 3 not proven (audit verify), 4 not known whether it was saved.',
    )
    .exitOverride()
    .showHelpAfterError()
  program
    .command('start')
    .description('start the bot, the verifier and the worker, or some of them')
    .addOption(new Option('--roles <roles>', 'comma-separated: bot, verify, worker, or all').default('all'))
    .action(async ({ roles }: { roles: string }) => {
      code = await serve(roles, shell)
    })
  program
    .command('migrate')
    .description('bring the database to this version')
    .option(
      '--plan',
      'print what would run, what waits for it and whether older code can go on; change nothing',
    )
    .action(async ({ plan }: { plan?: boolean }) => {
      code = await (plan ? planMigration : migrateDatabase)(readConfig(shell.env))
    })
  program
    .command('doctor')
    .description('check Node, Postgres, the audit, Redis, Slack, the alert channel, and that messages arrive')
    .option('--live', 'try on Slack, too, what Keywarden does there, in messages that are removed at once')
    .addOption(
      new Option(
        '--to <user>',
        'with --live: the Slack user id of the person who gets them; else the first owner',
      )
        .argParser(slackUserId)
        .implies({ live: true }),
    )
    .action(async ({ live, to }: { live?: boolean; to?: string }) => {
      code = await doctor(readConfig(shell.env), live ? { to, tryLive: shell.tryLive } : undefined)
    })
  for (const add of [
    addKeyVerbs,
    addWorkspaceVerbs,
    addServiceTokenVerbs,
    addOffboardVerb,
    addAddressVerbs,
    addReviewVerbs,
    addMessageVerbs,
    addAuditVerbs,
    addUsageVerbs,
    addAnomalyVerbs,
  ])
    add(program, shell.env, (failed) => {
      code = failed
    })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    return explain(error, shell)
  }
}

function slackUserId(text: string): string {
  if (isSlackUser(text)) return text
  throw new InvalidArgumentError('It is not a Slack user id such as U012AB3CD.')
}

/** Of the program and of what it runs on: what a report of a problem begins with. */
function versions(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', packageRoot()), 'utf8'))
  return `${version} (Node ${process.versions.node})`
}

function explain(error: unknown, { env }: Shell): number {
  // Commander has printed its own message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  // It may hold text of a file.
  printError(sentenceOf(error) ?? scrubber(env.KEYWARDEN_TOKEN_PREFIX || 'tml_')(inspect(error)))
  return 1
}

/** Expected errors are one sentence; unexpected ones show their stack. */
const sentenceOf = (error: unknown): string | undefined =>
  foreseen.some((kind) => error instanceof kind)
    ? (error as Error).message
    : (databaseStartError(error)?.message ?? fileProblem(error))

const foreseen = [ConfigError, StartError, SigningError, NotAnExport, NotAnImport, LineTooLong]

/** A file system error as a sentence; the path is the operator's own. */
function fileProblem(error: unknown): string | undefined {
  const { code, path } = error as NodeJS.ErrnoException
  if (!path) return undefined
  if (code === 'ENOENT') return `There is no file ${path}.`
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `${path} may not be read or written here.`
  return code === 'EISDIR' ? `${path} is a directory.` : undefined
}
