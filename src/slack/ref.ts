/**
 * The value that buttons, menus and dialogs carry: the workspace, and a reference within it. Both are looked up under
 * the caller's own team when they come back; neither is trusted.
 */
export const ref = (workspaceId: string, rest: string): string => `${workspaceId}/${rest}`

export function readRef(value: string): { workspace?: string; rest: string } {
  const slash = value.indexOf('/')
  return slash < 0 ? { rest: value } : { workspace: value.slice(0, slash), rest: value.slice(slash + 1) }
}
