import { type Refusal, refuse } from '../../foundation/refusal.ts'
import type { ClickStory, Conversation } from '../story.ts'
import { activateByRef, openByRef } from './change.ts'

const entries: Record<string, Conversation<ClickStory>> = {
  activate: activateByRef,
  deactivate: openByRef('deactivate'),
  revoke: openByRef('revoke'),
}

/** A key's menu in a list: the chosen entry names the verb, then the key. */
export const keyMenu: Conversation<ClickStory> = async (story): Promise<Refusal | undefined> => {
  const [verb = '', keyId = ''] = story.value.split(' ')
  const entry = Object.hasOwn(entries, verb) ? entries[verb] : undefined
  if (!entry) return refuse('invalid', 'This menu is from another version.', { next: 'List the keys again.' })
  return entry({ ...story, value: keyId })
}
