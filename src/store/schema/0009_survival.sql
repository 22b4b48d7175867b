-- What a database that was restored from a backup knows of the time it has lost (docs/adr/0020).

CREATE TABLE restores (
  generation  INTEGER PRIMARY KEY,       -- grows with each restore
  backup_at   INTEGER NOT NULL,          -- wall clock: what was committed before is in the backup
  restored_at INTEGER NOT NULL,          -- wall clock
  source      TEXT NOT NULL,             -- the backup's file
  replaced    TEXT                       -- where the database before it is kept, if there was one
) STRICT;

-- A world in which acts may have gone out that the backup does not know of.
CREATE TABLE doubts (
  generation INTEGER NOT NULL REFERENCES restores (generation),
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  made_at    INTEGER NOT NULL,           -- the backup, on the mode's clock
  ended_at   INTEGER,                    -- wall clock: a person said that all of them are told
  PRIMARY KEY (generation, mode)
) STRICT;
CREATE INDEX doubts_open ON doubts (mode, made_at) WHERE ended_at IS NULL;

-- Effects of the replaced database that the backup does not have, until their unit asks for them.
CREATE TABLE carried_effects (
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  key        TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('confirmed', 'rejected', 'unknown')),
  recovery   TEXT NOT NULL,
  host       TEXT NOT NULL,
  payload    TEXT NOT NULL,
  digest     TEXT NOT NULL,
  sends      INTEGER NOT NULL,
  owner      TEXT NOT NULL,
  sent_at    INTEGER NOT NULL,
  wall_at    INTEGER NOT NULL,
  receipt    TEXT,
  evidence   TEXT,
  PRIMARY KEY (mode, key),
  CHECK ((receipt IS NOT NULL) = (state = 'confirmed'))
) STRICT, WITHOUT ROWID;

-- Numbers of papers that the replaced database gave away, until their paper asks for them.
CREATE TABLE reserved_numbers (
  mode   TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  series TEXT NOT NULL CHECK (series IN ('invoices', 'credit_notes')),
  paper  TEXT NOT NULL,                  -- client|period, and a note's place
  year   INTEGER NOT NULL,
  serial INTEGER NOT NULL,
  number TEXT NOT NULL,
  PRIMARY KEY (mode, series, paper)
) STRICT, WITHOUT ROWID;

ALTER TABLE units ADD COLUMN certain_in INTEGER;   -- generation: nothing of it can have gone out before the restore
ALTER TABLE effects ADD COLUMN doubted_in INTEGER; -- generation whose restore put it in doubt
CREATE INDEX effects_doubted ON effects (mode, doubted_in) WHERE state = 'unknown' AND doubted_in IS NOT NULL;
