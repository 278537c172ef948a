/** The facts that the keys of a workspace share. A void one makes every key that refers to it count as forgotten. */
export type Workspace = { id: string; accountId: string; isSuspended: boolean; isVoid: boolean }

/** The workspaces that remembered keys refer to, one object each, so that a change of one reaches all its keys. */
export class Parents {
  #workspaces = new Map<string, Workspace>()

  workspace(id: string, accountId: string, isSuspended: boolean): Workspace {
    const known = this.#workspaces.get(id)
    if (known && known.accountId === accountId && known.isSuspended === isSuspended) return known
    // One of the two was read before a change. Which one is not known here, so neither stays in use unseen.
    this.voidWorkspace(id)
    const workspace = { id, accountId, isSuspended, isVoid: false }
    this.#workspaces.set(id, workspace)
    return workspace
  }

  voidWorkspace(id: string): void {
    const workspace = this.#workspaces.get(id)
    if (workspace) workspace.isVoid = true
    this.#workspaces.delete(id)
  }

  voidAccount(id: string): void {
    for (const workspace of [...this.#workspaces.values()])
      if (workspace.accountId === id) this.voidWorkspace(workspace.id)
  }
}
