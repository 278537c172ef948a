import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { nodeLines } from '../../sandbox/services/node-programs.ts'

const root = new URL('../../', import.meta.url)
const folder = new URL('.github/workflows/', root)

type Job = {
  strategy?: { matrix: { node: number[] } }
  steps: { uses?: string; run?: string }[]
}

const jobs = readdirSync(folder).flatMap((file) => {
  const workflow = parse(readFileSync(new URL(file, folder), 'utf8')) as { jobs: Record<string, Job> }
  return Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${file}: ${name}`, job }))
})

test.each(jobs)('$name runs commands that are there', ({ job }) => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const commands = job.steps.flatMap(({ run }) => run?.trim().split('\n') ?? [])
  expect(commands.length).toBeGreaterThan(0)
  const missing = commands.filter((command) => {
    const [program, first, second] = command.split(/\s+/)
    if (program === 'bash') return !existsSync(new URL(first!, root))
    return !(program === 'npm' && first === 'run' && second! in scripts)
  })
  expect(missing).toEqual([])
})

test.each(jobs)('$name uses actions at a commit, which nobody can move', ({ job }) => {
  const actions = job.steps.flatMap(({ uses }) => uses ?? [])
  expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([])
})

test('every supported line of Node is tested', () => {
  const tested = jobs.flatMap(({ job }) => job.strategy?.matrix.node ?? [])
  expect(tested).toEqual(expect.arrayContaining([20, ...nodeLines]))
})
