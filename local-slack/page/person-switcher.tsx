import type { Person } from '../contract.ts'
import { Avatar } from './avatar.tsx'
import { Menu } from './controls/menu.tsx'
import { Icon } from './icons.tsx'
import { isApp, kindInWords } from './workspace.tsx'

type Props = { me: Person; people: Person[]; become: (id: string) => void; refresh: () => void }

/** Lets the reader act as anybody of the team. */
export function PersonSwitcher({ me, people, become, refresh }: Props) {
  return (
    <Menu
      label={`You are ${me.realName}, ${kindInWords(me)}. Act as someone else`}
      className="person-switcher"
      onOpen={refresh}
      button={
        <>
          <Avatar id={me.id} name={me.realName} person={me} size={32} />
          <span className="person-text">
            <small>You are</small>
            <strong dir="auto">{me.realName}</strong>
            <small>{kindInWords(me)}</small>
          </span>
          <Icon name="chevron" size={16} />
        </>
      }
      items={people
        .filter((person) => !isApp(person))
        .map((person) => ({
          key: person.id,
          checked: person.id === me.id,
          choose: () => become(person.id),
          content: (
            <>
              <Avatar id={person.id} name={person.realName} person={person} size={28} />
              <span className="menu-label">
                <bdi>{person.realName}</bdi>
                <span className="menu-description">{kindInWords(person)}</span>
              </span>
              {person.id === me.id && <Icon name="check" size={16} />}
            </>
          ),
        }))}
    />
  )
}
