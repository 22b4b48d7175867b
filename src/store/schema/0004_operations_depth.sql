-- Operations (layers 5-6), second edition: what the layers learned to keep.

-- The engine: a unit may wait for several others (docs/adr/0009).
ALTER TABLE units ADD COLUMN then_blocked_on TEXT;  -- JSON list of names, behind the one of blocked_on

-- Layer 5: the file of a document, why it was rejected, and each step of its way.
ALTER TABLE documents ADD COLUMN reason TEXT;    -- why it was rejected
ALTER TABLE documents ADD COLUMN file TEXT;      -- where it lies below the workspace
ALTER TABLE documents ADD COLUMN digest TEXT;    -- SHA-256 of the file, hex
ALTER TABLE documents ADD COLUMN bytes INTEGER;
CREATE TABLE document_history (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  entity     TEXT NOT NULL,              -- the client
  document   TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('requested', 'received', 'approved', 'rejected')),
  reason     TEXT,
  digest     TEXT,
  by         TEXT NOT NULL,              -- who: user@host, or the machine
  at         INTEGER NOT NULL
) STRICT;
CREATE INDEX document_history_of ON document_history (mode, entity, id);

-- Layer 5: where a client's contract is.
CREATE TABLE contracts (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  entity     TEXT NOT NULL,              -- the client
  state      TEXT NOT NULL CHECK (state IN ('drafted', 'sent', 'signed', 'declined')),
  reason     TEXT CHECK (reason IS NULL OR state = 'declined'),
  changed_at INTEGER NOT NULL,
  UNIQUE (mode, entity)
) STRICT;
