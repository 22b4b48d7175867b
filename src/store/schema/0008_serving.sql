-- A process that serves: what others hand to it, and where its work comes from.

ALTER TABLE commands ADD COLUMN for_owner TEXT; -- the process that is to carry it out, when it is another one
ALTER TABLE commands ADD COLUMN outcome TEXT;   -- JSON: what that process answered, whole
CREATE INDEX commands_handed ON commands (for_owner, id)
  WHERE state = 'accepted' AND for_owner IS NOT NULL;

ALTER TABLE units ADD COLUMN traceparent TEXT;  -- W3C trace context of the request behind it
