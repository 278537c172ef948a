alter table posted_messages
  -- A digest of what the uploaded picture shows: the next edit that shows something else draws it anew.
  add column picture_shows text,
  -- The part and the body of the message that was posted, with which it is read again; null from a version before.
  add column item_id text,
  add column body jsonb;
