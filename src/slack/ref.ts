/**
 * The value that buttons, menus and dialogs carry: the workspace, and a reference within it. Both are looked up under
 * the caller's own team when they come back; neither is trusted.
 */
export const ref = (workspaceId: string, rest: string): string => `${workspaceId}/${rest}`

export function readRef(value: string): { workspace?: string; rest: string } {
  // No id has a NUL, and Postgres takes none.
  const text = value.replaceAll('\0', '')
  const slash = text.indexOf('/')
  return slash < 0 ? { rest: text } : { workspace: text.slice(0, slash), rest: text.slice(slash + 1) }
}
