-- The desk of whoever is on call: what people said about a cause. A cause is a fingerprint, or the code of
-- failures that have none. Rows are added and never changed.

CREATE TABLE acknowledgements (
  id           INTEGER PRIMARY KEY,
  mode         TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  cause        TEXT NOT NULL CHECK (length(cause) > 0),
  wall_at      INTEGER NOT NULL,
  by           TEXT NOT NULL,             -- who looks after it
  note         TEXT,
  from_attempt INTEGER NOT NULL,          -- no attempt before this one can fail afterwards
  failed_then  INTEGER NOT NULL CHECK (failed_then >= 0) -- attempts from that one on that had failed of it by then
) STRICT;
CREATE INDEX acknowledgements_of ON acknowledgements (mode, cause, id);

CREATE TABLE cause_notes (
  id      INTEGER PRIMARY KEY,
  mode    TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  cause   TEXT NOT NULL CHECK (length(cause) > 0),
  wall_at INTEGER NOT NULL,
  by      TEXT NOT NULL,
  text    TEXT NOT NULL CHECK (length(text) > 0)
) STRICT;
CREATE INDEX cause_notes_of ON cause_notes (mode, cause, id);

-- What died with its process has no fingerprint; its code is its cause.
CREATE INDEX attempts_lost ON attempts (mode, code, id) WHERE state = 'lost';
