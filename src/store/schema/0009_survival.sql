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
  remembers  INTEGER NOT NULL CHECK (remembers IN (0, 1)), -- whether the outbox still has what it was given
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

-- What makes it certain who may write, and what is known of those who might not any more.

-- A lease ends by the time since boot, which nobody can set and which counts suspend; `until` stays
-- for people. NULL: a version before this one wrote the lease, and it holds while its process lives.
ALTER TABLE leases ADD COLUMN ends INTEGER;
-- Where `pid` names the holder's process: containers of one machine count pids each for itself.
ALTER TABLE leases ADD COLUMN pid_space TEXT NOT NULL DEFAULT '';

-- When an effect was first sent of which it is not known that it failed: a receiver remembers a key
-- from then on, however often the effect is repeated under it. NULL: as `sent_at`.
ALTER TABLE effects ADD COLUMN first_sent_at INTEGER;

-- Writes that came too late: their lease or unit had passed to another holder. Nothing of them took
-- effect; what the writer knew is kept, because it is often all that is known of an effect.
CREATE TABLE late_writes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  at         INTEGER NOT NULL,           -- mode clock of the writer
  wall_at    INTEGER NOT NULL,           -- when it was refused
  owner      TEXT NOT NULL,              -- who wrote
  command    TEXT NOT NULL,              -- what: 'effect result', 'unit outcome', 'end run'
  held_by    TEXT,                       -- who had the lease by then
  layer      INTEGER,
  run_id     INTEGER,
  unit_id    INTEGER,
  attempt_id INTEGER,
  effect_key TEXT,
  fate       TEXT CHECK (fate IN ('not_sent', 'confirmed', 'rejected', 'unknown')),
  receipt    TEXT,                       -- JSON, as in effects
  knew       TEXT NOT NULL,              -- in words
  CHECK ((fate IS NOT NULL) <= (effect_key IS NOT NULL)),
  CHECK ((receipt IS NOT NULL) = (fate IS 'confirmed'))
) STRICT;
CREATE INDEX late_writes_by_effect ON late_writes (mode, effect_key) WHERE effect_key IS NOT NULL;

-- Pid, start and boot of the process that carries a command out; one whose process is gone is given up.
ALTER TABLE commands ADD COLUMN performer TEXT;
