import type { Person } from '../contract.ts'
import { Avatar } from './avatar.tsx'
import { isApp, kindInWords, useWorkspace } from './workspace.tsx'

const MAX_HINTS = 6

/** The `@name` being typed at the end of the draft, if any. */
function typedName(draft: string): string | undefined {
  return /(?:^|\s)@([\p{L}\p{N}._-]*)$/u.exec(draft)?.[1]
}

/** The draft with the name being typed completed to this person's. */
export function completeMention(draft: string, person: Person): string {
  return `${draft.slice(0, draft.length - (typedName(draft)?.length ?? 0))}${person.name} `
}

/**
 * The people whom the name being typed could mean; nobody once it is complete. Of a name only the beginnings of words
 * count, since Enter takes the first: `@da` is Dana, not Ada.
 */
export function mentionable(draft: string, people: Person[]): Person[] {
  const typed = typedName(draft)?.toLowerCase()
  if (typed === undefined) return []
  return people
    .filter((one) => !isApp(one))
    .filter(({ name, realName }) =>
      [name, ...realName.split(/\s+/)].some((word) => word.toLowerCase().startsWith(typed)),
    )
    .slice(0, MAX_HINTS)
}

type Props = { found: Person[]; at: number; choose: (person: Person) => void }

/** Shown above the composer while `@` and a name are being typed. */
export function MentionHint({ found, at, choose }: Props) {
  const { me } = useWorkspace()
  if (found.length === 0) return null
  return (
    <section className="command-hint mention-hint" aria-label="People">
      {found.map((person, index) => (
        <button
          key={person.id}
          type="button"
          className={index === at ? 'active' : undefined}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => choose(person)}
        >
          <Avatar id={person.id} name={person.realName} person={person} size={24} />
          <span>
            <strong>{person.realName}</strong>{' '}
            <span className="usage">
              @{person.name} · {person.id === me.id ? 'you' : kindInWords(person)}
            </span>
          </span>
        </button>
      ))}
    </section>
  )
}
