import type { Person } from '../contract.ts'
import { isApp } from './workspace.tsx'

const COLOURS = ['#2f6f8f', '#8a4fa0', '#b5533c', '#3d7a4e', '#a8793a', '#4a5fa8', '#a03f6a', '#56707a']

type Props = { id: string; name: string; person?: Person | undefined; size?: number }

/** A rounded square with initials; the app and Slackbot have signs of their own. */
export function Avatar({ id, name, person, size = 36 }: Props) {
  const style = { width: size, height: size, fontSize: Math.round(size * 0.42) }
  if (isApp(person)) {
    return (
      <span className="avatar avatar-app" style={style} aria-hidden="true">
        <svg
          viewBox="0 0 24 24"
          width="62%"
          height="62%"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.2"
          aria-hidden="true"
        >
          <circle cx="8" cy="15.5" r="4" />
          <path d="M11 12.5 19 4.5M16 7.5l2.5 2.5" strokeLinecap="round" />
        </svg>
      </span>
    )
  }
  if (!person && /slackbot/i.test(name)) {
    return (
      <span className="avatar avatar-slackbot" style={{ ...style, fontSize: size * 0.6 }} aria-hidden="true">
        ♥
      </span>
    )
  }
  return (
    <span className="avatar" style={{ ...style, background: colourOf(id) }} aria-hidden="true">
      {initials(name)}
    </span>
  )
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean)
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => (word ? [...word][0]!.toUpperCase() : ''))
    .join('')
}

function colourOf(id: string): string {
  let sum = 0
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 9973
  return COLOURS[sum % COLOURS.length]!
}
