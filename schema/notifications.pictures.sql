-- A digest of what the uploaded picture of a live message shows: the next edit that shows something else draws it anew.
alter table posted_messages add column picture_shows text;
