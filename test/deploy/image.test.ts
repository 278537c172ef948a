import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { nodeLines } from '../../sandbox/services/node-programs.ts'
import { readTree } from '../structure/source.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dockerfile = readFileSync(`${root}Dockerfile`, 'utf8')
const [build, release] = dockerfile.split(/^(?=FROM )/m).slice(1) as [string, string]

/** What a stage copies from the project. */
const copied = (stage: string): string[] =>
  [...stage.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) => paths!.split(' '))

/** Whether a path is within one of these files and folders. */
const within = (path: string, places: readonly string[]) =>
  places.some((place) => path === place || path.startsWith(`${place}/`))

test('the image stands on a supported Node, by name, in two stages', () => {
  expect(dockerfile.match(/^FROM /gm)).toHaveLength(2)
  const [, line] = /^ARG BASE=docker\.io\/library\/node:(\d+)-bookworm-slim$/m.exec(dockerfile)!
  expect(nodeLines).toContain(Number(line))
})

test('it runs as a user by number, has a check of its health, and runs the command itself, which gets the signals', () => {
  expect(release).toMatch(/^USER [1-9]\d+:[1-9]\d+$/m)
  expect(release).toMatch(/^HEALTHCHECK .+ CMD \["node", "deploy\/image\/healthy\.mjs"\]$/m)
  expect(release).toMatch(/^ENTRYPOINT \["\/app\/bin\/keywarden"\]$/m)
  expect(release.lastIndexOf('\nUSER')).toBeGreaterThan(release.lastIndexOf('\nCOPY'))
})

test('what it copies is there, is let in by .dockerignore, and nothing else is let in', () => {
  const [everything, ...admitted] = readFileSync(`${root}.dockerignore`, 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
  expect(everything).toBe('*')
  const places = admitted.map((line) => line.slice(1))
  const all = [...copied(build), ...copied(release)]
  expect(all.filter((path) => !existsSync(root + path))).toEqual([])
  expect(all.filter((path) => !within(path, places))).toEqual([])
  expect(places.filter((place) => !all.some((path) => within(path, [place])))).toEqual([])
})

test('every file that the program reads beside its own code is copied', () => {
  const read = [...readTree('src', 'jobs').values()].flatMap((text) =>
    [...text.matchAll(/new URL\(['`]([\w./-]+?)\/?(?:\$\{\w+\})?['`], packageRoot\(\)\)/g)].map(
      ([, path]) => path!,
    ),
  )
  expect(read).toEqual(expect.arrayContaining(['manifest.yml', 'package.json', 'docs/openapi.yml', 'schema']))
  expect(read.filter((path) => !within(path, copied(release)))).toEqual([])
})
