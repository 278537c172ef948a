/**
 * The findings of a workspace that ask for somebody now: open, and not snoozed. Everything that is listed as open anywhere,
 * in inboxes and in the digest, comes from here: with how urgent it is, and since when.
 */
export const askingFindings = `
  select f.id, f.rank, f.changed_at as at from findings f
  where f.workspace_id = :workspace and f.resolved_at is null and f.snoozed_until is null`
