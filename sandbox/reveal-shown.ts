import { isRefusal } from '../src/foundation/refusal.ts'
import { endPending } from '../src/keys/pending-reveals.ts'
import { reveal } from '../src/keys/reveal.ts'

/** Reveals a key as if Slack had shown its token: no job takes it back. */
export const revealShown: typeof reveal = async (act, workspaceId, keyId, deps) => {
  const revealed = await reveal(act, workspaceId, keyId, deps)
  if (!isRefusal(revealed)) await endPending(act.trx, { keyId, hint: revealed.key.hint })
  return revealed
}
