-- The role that ended with the departure, so that an undo gives it back. Null: a member, or written by a version that
-- did not note it.
alter table departures add column role text check (role in ('owner', 'manager'));
