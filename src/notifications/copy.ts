import type { Claimed, OutboxMessage } from './outbox.ts'

/** The same message for another destination. */
export const copyOf = (
  { workspaceId, source, subjectId, itemId, step, mode, level, body }: Claimed,
  destination: string,
): OutboxMessage => ({ workspaceId, source, subjectId, itemId, step, mode, level, body, destination })
