import { type Command, InvalidArgumentError, Option } from 'commander'
import { exportEvents } from '../audit/export.ts'
import { type Format, formats } from '../audit/formats.ts'
import { publicPem, signingKey } from '../audit/signing.ts'
import { exportEvidence, gatherEvidence } from '../evidence/export.ts'
import { readConfig } from '../foundation/config.ts'
import { isRefusal, refuse } from '../foundation/refusal.ts'
import { statisticsDatabase } from '../foundation/world.ts'
import { keyByWords } from './find-key.ts'
import { complain, fromStandby, withWorld } from './operator.ts'
import { writeOut } from './out.ts'
import { printError } from './print.ts'
import { momentFrom, momentUntil } from './times.ts'
import { type VerifyChoices, verifyAudit } from './verify-audit.ts'
import { whichWorkspace, whichWorkspaces } from './which-workspace.ts'

type Env = Record<string, string | undefined>
type ExportChoices = { workspace?: string; key?: string; from?: Date; to?: Date; format: Format }

type EvidenceChoices = { workspace?: string; at?: Date; samples: number; seed?: string }

/** `keywarden audit export|evidence|verify|public-key` */
export function addAuditVerbs(program: Command, env: Env, failed: (code: number) => void): void {
  const verbs = program.command('audit').description('who did what, with proof')
  verbs
    .command('export')
    .description('print events, oldest first, each with its hash')
    .option('--workspace <name>', 'of this workspace; else of all')
    .option('--key <key>', 'about this key: its name, hint or id')
    .option('--from <when>', 'from this day or moment on, as 2026-03-01 or 2026-03-01T08:00Z', momentFrom)
    .option('--to <when>', 'until this day, included, or until before this moment', momentUntil)
    .addOption(
      new Option('--format <format>', 'spreadsheet or one object a line').choices(formats).default('csv'),
    )
    .action(async (choices: ExportChoices) => failed(await exportAudit(env, choices)))
  verbs
    .command('evidence')
    .description(
      'print a random sample of the keys of a past moment, each with its events, as proof for auditors',
    )
    .option('--workspace <name>', 'of this workspace, when there are several')
    .option('--at <when>', 'the keys at the end of this day of UTC, or at this moment; else now', momentUntil)
    .option('--samples <number>', 'draw so many keys', countOfSamples, 40)
    .option('--seed <text>', 'draw those of an earlier run again; else at random', seedOfSample)
    .action(async (choices: EvidenceChoices) => failed(await printEvidence(env, choices)))
  verbs
    .command('verify [file]')
    .description('check every hash of an export, or of the database when no file is named')
    .option('--checkpoints <file>', 'signed checkpoints to compare with; may be repeated', collect)
    .option('--checkpoint <text>', 'one copied from the audit channel; may be repeated', collect)
    .option('--public-key <file>', 'whose signatures count, as PEM; may be repeated', collect)
    .option('--workspace <name>', 'this workspace alone; for a file its id')
    .option('--partial', 'events were left out on purpose, by --key, --from or --to')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing is wrong, 1 something is, 2 misused, 3 nothing is wrong that shows, but events of a partial export are not proven.',
    )
    .action(async (file: string | undefined, choices: VerifyChoices, command: Command) => {
      if (file && (choices.checkpoints ?? choices.checkpoint) && !choices.publicKey)
        command.error(
          `error: ${choices.checkpoints ? '--checkpoints' : '--checkpoint'} needs --public-key: see keywarden audit public-key`,
          {
            exitCode: 2,
          },
        )
      failed(await verifyAudit(env, file, choices))
    })
  verbs
    .command('public-key')
    .description('print the key that checkpoints are verified with, as PEM')
    .action(async () => console.log(publicPem(await signingKey(readConfig(env).audit)).trim()))
}

/** Parses an option. @throws InvalidArgumentError */
function countOfSamples(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1 to 99999.')
  return Number(text)
}

/** Parses an option. @throws InvalidArgumentError */
function seedOfSample(text: string): string {
  if (!/^[\w.-]{1,100}$/.test(text))
    throw new InvalidArgumentError('Write up to 100 letters, digits, dots, hyphens and underscores.')
  return text
}

/** The file goes to standard output, and what was drawn from what to standard error. */
const printEvidence = (env: Env, { workspace, at, samples, seed }: EvidenceChoices): Promise<number> =>
  withWorld(env, async (world) => {
    const one = await whichWorkspace(world, workspace)
    if (isRefusal(one)) return complain(one)
    const now = world.clock.now()
    if (at && at > now)
      return complain(
        refuse('invalid', 'That is not over yet.', { next: 'Name a day or a moment of the past.' }),
      )
    const wanted = {
      ...{ workspaceId: one.id, at: at ?? now, samples },
      seed: seed ?? Buffer.from(world.random(8)).toString('hex'),
    }
    // All of one moment, and from the primary: a standby that is behind knows keys that have ended as live ones.
    const evidence = await world.db.transaction((trx) => gatherEvidence(trx, wanted), {
      isolationLevel: 'repeatable read',
      readOnly: true,
    })
    printError(
      `${evidence.drawn.length} of the ${evidence.population.length} keys of ${one.name} just before ${evidence.at.toISOString()}, drawn with seed ${evidence.seed}.`,
    )
    return writeOut(exportEvidence(world.db, evidence))
  })

const collect = (value: string, before: string[] = []): string[] => [...before, value]

const exportAudit = (env: Env, { workspace, key, format, ...time }: ExportChoices): Promise<number> =>
  withWorld(env, async (world) => {
    if (key === undefined) {
      const workspaces = await whichWorkspaces(world, workspace)
      if (isRefusal(workspaces)) return complain(workspaces)
      const ids = workspaces.map(({ id }) => id)
      return writeOut(fromStandby(world, exportEvents(statisticsDatabase(world), ids, time, format)))
    }
    const one = await whichWorkspace(world, workspace)
    if (isRefusal(one)) return complain(one)
    const found = await keyByWords(world, one, key)
    if (isRefusal(found)) return complain(found)
    const events = exportEvents(statisticsDatabase(world), [one.id], { keyId: found.id, ...time }, format)
    return writeOut(fromStandby(world, events))
  })
