import { type Command, Option } from 'commander'
import { exportEvents } from '../audit/export.ts'
import { type Format, formats } from '../audit/formats.ts'
import { publicPem, signingKey } from '../audit/signing.ts'
import { readConfig } from '../foundation/config.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { keyByWords } from './find-key.ts'
import { complain, withWorld } from './operator.ts'
import { writeOut } from './out.ts'
import { momentFrom, momentUntil } from './times.ts'
import { type VerifyChoices, verifyAudit } from './verify-audit.ts'
import { whichWorkspace, whichWorkspaces } from './which-workspace.ts'

type Env = Record<string, string | undefined>
type ExportChoices = { workspace?: string; key?: string; from?: Date; to?: Date; format: Format }

/** `keywarden audit export|verify|public-key` */
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

const collect = (value: string, before: string[] = []): string[] => [...before, value]

const exportAudit = (env: Env, { workspace, key, format, ...time }: ExportChoices): Promise<number> =>
  withWorld(env, async (world) => {
    if (key === undefined) {
      const workspaces = await whichWorkspaces(world, workspace)
      if (isRefusal(workspaces)) return complain(workspaces)
      const ids = workspaces.map(({ id }) => id)
      return writeOut(exportEvents(world.db, ids, time, format))
    }
    const one = await whichWorkspace(world, workspace)
    if (isRefusal(one)) return complain(one)
    const found = await keyByWords(world, one, key)
    if (isRefusal(found)) return complain(found)
    return writeOut(exportEvents(world.db, [one.id], { keyId: found.id, ...time }, format))
  })
