/** The permissions of a key. They never change: make a new key. */
export const scopes = ['read', 'write', 'conversations', 'agents', 'analytics'] as const
export type Scope = (typeof scopes)[number]

export const scopeMeanings: Record<Scope, string> = {
  read: 'Read everything in the workspace',
  write: 'Create and update everything',
  conversations: 'Read and manage conversations',
  agents: 'Read and manage agents',
  analytics: 'Read analytics',
}

export const isScope = (text: string): text is Scope => (scopes as readonly string[]).includes(text)
