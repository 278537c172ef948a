import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { shell } from '../setup/shell.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The scripts of a page of docs/playbooks, in their order: the first block under each numbered heading. */
export function stepsOf(page: string): string[] {
  const text = readFileSync(`${root}docs/playbooks/${page}.md`, 'utf8')
  const parts = text.split(/^## (\d+)\. .+$/m).slice(1)
  const steps: string[] = []
  for (let i = 0; i < parts.length; i += 2) {
    if (Number(parts[i]) !== steps.length + 1) throw new Error(`${page}: ${parts[i]} is out of order`)
    const script = /```sh\n([\s\S]*?)```/.exec(parts[i + 1]!)?.[1]
    if (!script) throw new Error(`${page}: step ${parts[i]} has no script`)
    steps.push(script)
  }
  return steps
}

export type Machine = {
  folder: string
  /** runs these scripts one after the other, as somebody who types them. @throws Error with what one said as it failed */
  run(scripts: readonly string[]): Promise<void>
  close(): Promise<void>
}

/**
 * A machine at whose shell a playbook is typed: a folder, Keywarden's command, and commands of the machine's own
 * (`systemctl restart redis-server`), which do in this process what `does` says. Keywarden's command runs in this process
 * too, which takes a hundredth of the time.
 * @param envIn the variables that are set there, by the machine's folder
 */
export async function openMachine(
  envIn: (folder: string) => Record<string, string>,
  does: Record<string, () => Promise<unknown>> = {},
): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'keywarden-playbook-'))
  const env = envIn(folder)
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      const args = (await text(request)).split('\0').slice(0, -1)
      const { code, out, err } = await shell(args, env)
      const [stdout, stderr] = [out, err].map((said) => Buffer.from(said).toString('base64'))
      response.end(`${code}\n${stdout}\n${stderr}\n`)
      return
    }
    const command = decodeURIComponent(request.url!.slice(1))
    const doing = does[command]?.() ?? Promise.reject(new Error(`This machine has no ${command}`))
    doing.then(
      () => response.end(),
      (error: Error) => response.writeHead(500).end(`${error.message}\n`),
    )
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/keywarden'), asksForKeywarden(port), { mode: 0o755 })
  for (const program of new Set(Object.keys(does).map((command) => command.split(' ')[0]!))) {
    const file = join(folder, 'bin', program)
    const asks = `exec curl -sS --fail-with-body "http://127.0.0.1:${port}/${program}$(printf '%%20%s' "$@")"`
    writeFileSync(file, `#!/bin/bash\n${asks}\n`)
    chmodSync(file, 0o755)
  }
  const { PATH, HOME = folder } = process.env
  const options = { cwd: folder, env: { PATH: `${join(folder, 'bin')}:${PATH}`, HOME, ...env } }
  const type = (script: string) =>
    new Promise<void>((resolve, reject) => {
      execFile('bash', ['--norc', '-euo', 'pipefail', '-c', script], options, (error, stdout, stderr) =>
        error ? reject(new Error(`${script}\n${stdout}${stderr}`)) : resolve(),
      )
    })
  return {
    folder,
    async run(scripts) {
      for (const script of scripts) await type(script)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const asksForKeywarden = (port: number) => `#!/bin/bash
answer=$(printf '%s\\0' "$@" | curl -sS --data-binary @- http://127.0.0.1:${port}/)
{ read -r code; read -r out; read -r err; } <<<"$answer"
base64 -d <<<"$out"
base64 -d <<<"$err" >&2
exit "$code"
`

/** What a machine's folder has under that name; empty when it has no such file. */
export function fileIn({ folder }: Machine, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    return ''
  }
}

/** The whole of a playbook, and all of it but one step: what is said of the run, and the step that it leaves out. */
export const runsOf = (steps: readonly string[]): [string, number][] => [
  ['ends well', 0],
  ...steps.map((_, i): [string, number] => [`does not end well without step ${i + 1}`, i + 1]),
]

/** The steps without the n-th, which counts from one. */
export const without = (steps: readonly string[], n: number): string[] => steps.filter((_, i) => i !== n - 1)
