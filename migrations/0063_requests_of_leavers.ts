import type { Knex } from 'knex'

/** Nobody decides any more about a key for somebody who is leaving; whoever asked or watched is told so. */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table key_requests drop constraint key_requests_state_check;
    alter table key_requests add constraint key_requests_state_check
      check (state in ('waiting', 'approved', 'denied', 'closed'));
    alter table key_requests add column closed_for text;
    alter table key_requests add column closed_told_at timestamptz;
    alter table key_requests add check ((state = 'closed') = (closed_for is not null));
    create index key_requests_closed_untold on key_requests (decided_at)
      where state = 'closed' and closed_told_at is null;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop index key_requests_closed_untold;
    delete from key_requests where state = 'closed';
    alter table key_requests drop column closed_for, drop column closed_told_at;
    alter table key_requests drop constraint key_requests_state_check;
    alter table key_requests add constraint key_requests_state_check
      check (state in ('waiting', 'approved', 'denied'));
  `)
