import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** CPU seconds that a process has used since it began, in user and kernel, as Linux counts them. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** How much of the machine's CPU was used since a call of this began, and taken by other machines, in per cent. */
export function machineUse(): () => { used: number; stolen: number } {
  const read = () => {
    const [user, nice, system, idle, wait, interrupt, softInterrupt, stolen] = readFileSync(
      '/proc/stat',
      'utf8',
    )
      .split('\n')[0]!
      .split(/ +/)
      .slice(1)
      .map(Number) as [number, number, number, number, number, number, number, number]
    const used = user + nice + system + interrupt + softInterrupt + stolen
    return { used, stolen, all: used + idle + wait }
  }
  const begun = read()
  return () => {
    const now = read()
    const percent = (of: 'used' | 'stolen') => ((now[of] - begun[of]) / (now.all - begun.all)) * 100
    return { used: percent('used'), stolen: percent('stolen') }
  }
}

/** `cpuSeconds` of a process and all its children, which is what a Postgres is. */
export function cpuSecondsOfTree(pid: number): number {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
  return cpuSeconds(pid) + children.reduce((sum, child) => sum + (tryCpu(Number(child)) ?? 0), 0)
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[1],
    )
  } catch {
    return undefined
  }
}

function tryCpu(pid: number): number | undefined {
  try {
    return cpuSeconds(pid)
  } catch {
    return undefined
  }
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}
