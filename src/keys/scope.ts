/** The permissions of a key. They never change: make a new key. */
export const scopes = ['read', 'write', 'conversations', 'agents', 'analytics'] as const
export type Scope = (typeof scopes)[number]

export const scopeMeanings: Record<Scope, string> = {
  read: 'Read everything in the workspace',
  write: 'Create, update and delete everything',
  conversations: 'Read, create, update and delete conversations',
  agents: 'Read, create, update and delete agents',
  analytics: 'Read analytics; make exports, where the operator switched that on',
}

const onlyRead: readonly string[] = ['read', 'analytics'] satisfies Scope[]

/** Whether a key with these scopes can change anything on the platform. */
export const canChange = (chosen: readonly string[]): boolean =>
  chosen.some((scope) => !onlyRead.includes(scope))

export const isScope = (text: string): text is Scope => (scopes as readonly string[]).includes(text)
