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

-- Layer 6: where an edit is, what it is worth, and what stood there when it was read again; who
-- changed or holds a post.
ALTER TABLE profile_actions ADD COLUMN state TEXT NOT NULL DEFAULT 'planned'
  CHECK (state IN ('planned', 'sent', 'pending', 'not_visible', 'overridden', 'live'));
ALTER TABLE profile_actions ADD COLUMN points REAL NOT NULL DEFAULT 0;
ALTER TABLE profile_actions ADD COLUMN reread TEXT;
ALTER TABLE posts ADD COLUMN topic TEXT NOT NULL DEFAULT '';
ALTER TABLE posts ADD COLUMN call_to_action TEXT; -- JSON of effect::CallToAction
ALTER TABLE posts ADD COLUMN event TEXT;          -- JSON of effect::PostEvent
ALTER TABLE posts ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));
ALTER TABLE posts ADD COLUMN edited_at INTEGER;   -- when a person last changed its text
