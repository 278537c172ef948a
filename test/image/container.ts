import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** What the image says about how it is run. */
type ImageConfig = {
  User: string
  WorkingDir: string
  Env: string[]
  Entrypoint: string[]
  Cmd: string[]
  Labels: Record<string, string>
  ExposedPorts: Record<string, unknown>
  Healthcheck: { Test: string[] }
}

export type Image = { folder: string; config: ImageConfig; isStandIn: boolean; remove(): void }

const buildah = (...args: string[]): string => execFileSync('buildah', args, { encoding: 'utf8' }).trim()

/** Mounts the image that `bin/image` built; `folder` is its root. */
export function openImage(name: string): Image {
  const { Docker } = JSON.parse(buildah('inspect', '--type', 'image', name))
  const container = buildah('from', '--pull-never', name)
  return {
    folder: buildah('mount', container),
    config: Docker.config,
    isStandIn: Docker.config.Labels?.['keywarden.stand-in'] === 'true',
    remove: () => void buildah('rm', container),
  }
}

export type Container = {
  /** what it has said so far, on both streams */
  said(): string
  ended: Promise<number | null>
  /** SIGTERM to its first process, and its exit code */
  stop(): Promise<number | null>
}

export type RunOptions = {
  env: Record<string, string>
  /** a folder to mount at /var/lib/keywarden */
  volume?: string
}

/**
 * Runs these words in the image: as its user, with process 1 and no process of ours to see, on a root that takes no
 * writes and without a folder for temporary files. It shares the network of this machine.
 */
export function runIn({ folder, config }: Image, words: readonly string[], options: RunOptions): Container {
  const [user, group] = config.User.split(':')
  const env = [...config.Env, ...Object.entries(options.env).map(([name, value]) => `${name}=${value}`)]
  const script = `set -e
    mount --make-rprivate /
    mount --bind "$ROOT" "$ROOT"
    mount --rbind /dev "$ROOT/dev"
    mount -t proc proc "$ROOT/proc"
    [ -z "$VOLUME" ] || mount --bind "$VOLUME" "$ROOT/var/lib/keywarden"
    mount -o remount,bind,ro "$ROOT"
    exec chroot --userspec=${user}:${group} "$ROOT" "$@"`
  const inside = ['/usr/bin/env', '-i', '-C', config.WorkingDir, ...env, ...words]
  const child = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, 'sh', ...inside],
    { env: { PATH: process.env.PATH, ROOT: folder, VOLUME: options.volume ?? '' }, stdio: 'pipe' },
  )
  child.stdin.end()
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk
    })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return {
    said: () => text,
    ended,
    stop() {
      if (child.exitCode === null) for (const pid of childrenOf(child)) process.kill(pid, 'SIGTERM')
      return ended
    },
  }
}

/** The words that the image itself runs, with these in place of its own. */
export const entry = ({ config }: Image, words: readonly string[] = config.Cmd): string[] => [
  ...config.Entrypoint,
  ...words,
]

const childrenOf = ({ pid }: ChildProcess): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
