import type { Action } from '../policy/may.ts'
import {
  activateByRef,
  activateByWords,
  openByRef,
  openByWords,
  submitDeactivate,
  submitRevoke,
} from './conversations/change.ts'
import { openCreate, submitCreate } from './conversations/create.ts'
import { help } from './conversations/help.ts'
import { list, turnList } from './conversations/list.ts'
import { keyMenu } from './conversations/menu.ts'
import { closedUnconfirmed, confirmSaved } from './conversations/show-once.ts'
import type { HelpLine } from './messages/help.ts'
import type { ClickStory, CommandStory, Conversation, SubmitStory } from './story.ts'

/** `needs` is checked before the conversation starts, and by the act again when it happens. */
type Route<S extends CommandStory | ClickStory | SubmitStory> = { needs?: Action; run: Conversation<S> }
/** `opens`: the title of the dialog that opens at once, while the rest is looked up. */
export type CommandRoute = Route<CommandStory> & {
  verb: string
  also?: string
  opens?: string
  help: HelpLine
}
export type ClickRoute = Route<ClickStory> & {
  id: string
  opens?: string | ((value: string) => string | undefined)
}
export type SubmitRoute = Route<SubmitStory> & { id: string; title: string }
export type CloseRoute = Route<ClickStory> & { id: string }

export const commands: readonly CommandRoute[] = [
  {
    verb: 'list',
    needs: 'key.list',
    run: list,
    help: { usage: 'list [active|inactive|expiring|mine|words]', means: 'find keys' },
  },
  {
    verb: 'create',
    needs: 'key.issue',
    opens: 'Create key',
    run: openCreate,
    help: { usage: 'create [name]', means: 'make a key' },
  },
  {
    verb: 'deactivate',
    needs: 'key.deactivate',
    opens: 'Deactivate key',
    run: openByWords('deactivate'),
    help: { usage: 'deactivate KEY', means: 'pause a key; nothing is lost' },
  },
  {
    verb: 'activate',
    needs: 'key.activate',
    run: activateByWords,
    help: { usage: 'activate KEY', means: 'resume a paused key' },
  },
  {
    verb: 'revoke',
    also: 'delete',
    needs: 'key.revoke',
    opens: 'Revoke key',
    run: openByWords('revoke'),
    help: { usage: 'revoke KEY', means: 'delete a key for good' },
  },
  { verb: 'help', run: (story) => help(story, commands), help: { usage: 'help', means: 'this list' } },
]

export const clicks: readonly ClickRoute[] = [
  { id: 'key.saved', needs: 'key.show', run: confirmSaved },
  {
    id: 'key.menu',
    needs: 'key.list',
    opens: (value) => ({ deactivate: 'Deactivate key', revoke: 'Revoke key' })[value.split(' ')[0]!],
    run: keyMenu,
  },
  { id: 'key.deactivate', needs: 'key.deactivate', opens: 'Deactivate key', run: openByRef('deactivate') },
  { id: 'key.activate', needs: 'key.activate', run: activateByRef },
  { id: 'list.turn', needs: 'key.list', run: turnList },
]

export const submits: readonly SubmitRoute[] = [
  { id: 'key.create', title: 'Create key', needs: 'key.issue', run: submitCreate },
  { id: 'key.deactivate', title: 'Deactivate key', needs: 'key.deactivate', run: submitDeactivate },
  { id: 'key.revoke', title: 'Revoke key', needs: 'key.revoke', run: submitRevoke },
]

export const closes: readonly CloseRoute[] = [{ id: 'key.shown', needs: 'key.show', run: closedUnconfirmed }]
