import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { readConfig } from '../../src/foundation/config.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const manifests = `${root}deploy/kubernetes/`

type Container = {
  name: string
  image: string
  args: string[]
  env?: { name: string; value: string }[]
  envFrom: Record<'configMapRef' | 'secretRef', { name: string } | undefined>[]
  securityContext: Record<string, unknown>
}
type Pod = { metadata: { labels: Labels }; spec: { containers: Container[]; securityContext: object } }
type Labels = Record<string, string>
type Resource = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Labels }
  data?: Record<string, string>
  stringData?: Record<string, string>
  spec?: { template?: Pod; selector?: unknown }
}

const files = readdirSync(manifests).filter((file) => file !== 'kustomization.yaml')
const resources: Resource[] = files.flatMap((file) =>
  parseAllDocuments(readFileSync(manifests + file, 'utf8')).map((document) => document.toJS()),
)
const [kustomization] = parseAllDocuments(readFileSync(`${manifests}kustomization.yaml`, 'utf8')).map((one) =>
  one.toJS(),
)
const named = (kind: string, name: string) =>
  resources.find((one) => one.kind === kind && one.metadata.name === name)!
const pods = resources.flatMap(({ spec }) => spec?.template ?? [])
const podOf = (role: string) => pods.find(({ spec }) => spec.containers[0]!.name === role)!

/** The module that has the type and the schema of a resource. */
const moduleOf = ({ apiVersion, kind }: Resource): string =>
  apiVersion.startsWith('monitoring.coreos.com')
    ? `@kubernetes-models/prometheus-operator/${apiVersion}/${kind}`
    : `kubernetes-models/${apiVersion}/${kind}`

test.each(resources.map((one) => [one.kind, one.metadata.name, one] as const))(
  '%s %s fits the schema of Kubernetes',
  async (kind, _name, resource) => {
    const { [kind]: Model } = await import(moduleOf(resource))
    expect(() => new Model(resource).validate()).not.toThrow()
  },
)

// Beside the packages, so that it finds them.
const folder = `${root}node_modules/.keywarden-kubernetes-${process.pid}`
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the compiler says of these resources as literals of their types, which may have no field that the type lacks. */
function complaints(all: Resource[]): string {
  mkdirSync(folder, { recursive: true })
  const lines = all.flatMap((one, i) => [
    `import type { I${one.kind} as T${i} } from '${moduleOf(one)}'`,
    `export const r${i}: T${i} = ${JSON.stringify(one, null, 1)}`,
  ])
  writeFileSync(`${folder}/resources.ts`, lines.join('\n'))
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', '']
  const tsc = [
    `${root}node_modules/typescript/bin/tsc`,
    ...options,
    '--ignoreConfig',
    `${folder}/resources.ts`,
  ]
  const { status, stdout, stderr } = spawnSync(process.execPath, tsc, { cwd: folder, encoding: 'utf8' })
  return status === 0 ? '' : stdout + stderr
}

describe('no resource has a field that Kubernetes does not know', () => {
  test('as they are', () => expect(complaints(resources)).toBe(''))

  test('and one would be noticed', () => {
    const wrong = structuredClone(named('Deployment', 'keywarden-verify'))
    Object.assign(wrong.spec!.template!.spec.containers[0]!, { readynessProbe: {} })
    expect(complaints([wrong])).toMatch(/readynessProbe.* does not exist in type/)
  })
})

test('kustomization.yaml applies every file but the example of secrets, all into one namespace', () => {
  expect([...kustomization.resources].sort()).toEqual(
    files.filter((file) => file !== 'secret.example.yaml').sort(),
  )
  const elsewhere = resources.filter(
    ({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'keywarden',
  )
  expect(elsewhere).toEqual([])
  for (const { spec } of pods)
    expect(kustomization.images.map(({ name }: { name: string }) => name)).toContain(
      spec.containers[0]!.image,
    )
})

test('the version of the image is the one of this release', () => {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  expect(kustomization.images[0].newTag).toBe(version)
})

/** The variables of a role's container, from what it names. */
function variablesOf(role: string): Record<string, string> {
  const [{ env = [], envFrom }] = podOf(role).spec.containers as [Container]
  const lists = envFrom.map(({ configMapRef, secretRef }) =>
    configMapRef ? named('ConfigMap', configMapRef.name).data : named('Secret', secretRef!.name).stringData,
  )
  return Object.assign({}, ...lists, Object.fromEntries(env.map(({ name, value }) => [name, value])))
}

test.each(['bot', 'worker', 'verify'])(
  'a %s gets the variables that it needs, and starts as that role',
  (role) => {
    const example = variablesOf(role)
    expect(() => readConfig(example, [role])).not.toThrow()
    expect(example).not.toHaveProperty('DATABASE_OWNER_URL')
    expect(podOf(role).spec.containers[0]!.args).toEqual(['start', '--roles', role])
  },
)

test('only migrate knows the owner of the tables, and a verifier knows nothing of Slack', () => {
  expect(readConfig(variablesOf('migrate')).databaseOwnerUrl).toContain('keywarden_owner')
  expect(Object.keys(variablesOf('verify')).filter((name) => name.startsWith('SLACK'))).toEqual([])
})

test('every pod runs without root, privilege and a root that takes writes', () => {
  expect(pods).toHaveLength(4)
  for (const { spec } of pods) {
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    for (const { securityContext } of spec.containers)
      expect(securityContext).toEqual({
        ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
        capabilities: { drop: ['ALL'] },
      })
  }
})

test('what selects pods selects those of a role that there is', () => {
  const selectors = resources.flatMap(({ spec }) => {
    const text = JSON.stringify(spec ?? {})
    return [...text.matchAll(/"app\.kubernetes\.io\/component":"(\w+)"/g)].map(([, role]) => role!)
  })
  const roles = pods.map(({ metadata }) => metadata.labels['app.kubernetes.io/component'])
  expect(selectors.length).toBeGreaterThan(10)
  expect(selectors.filter((role) => !roles.includes(role))).toEqual([])
})
