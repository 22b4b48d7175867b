-- Sales (layers 1-4), second edition: what the layers learned to keep.

-- ---- layer 2, Pitch Generator ----
-- What a person did to a pitch: channels whose text was edited, and 'variant' when a person chose it,
-- separated by commas. Layer 9 learns only from pitches in which the machine did it all ('').
ALTER TABLE pitches ADD COLUMN by_hand TEXT NOT NULL DEFAULT '';

-- Layer 4: who gave a call up and why, no-shows and their withdrawal, and what was noted when.
ALTER TABLE invitees ADD COLUMN rescheduled INTEGER NOT NULL DEFAULT 0 CHECK (rescheduled IN (0, 1));
ALTER TABLE invitees ADD COLUMN canceled_by TEXT CHECK (canceled_by IN ('host', 'invitee'));
ALTER TABLE invitees ADD COLUMN no_show_at INTEGER;            -- the host noted that nobody came
ALTER TABLE invitees ADD COLUMN no_show_withdrawn_at INTEGER;  -- and took it back
ALTER TABLE meetings ADD COLUMN noted_at INTEGER;              -- a person noted how it went
ALTER TABLE meetings ADD COLUMN asked_again_at INTEGER;        -- a no-show was taken back: asked anew
ALTER TABLE meetings ADD COLUMN cancelled_by TEXT CHECK (cancelled_by IN ('host', 'invitee'));
ALTER TABLE meetings ADD COLUMN reason TEXT;                   -- why it was cancelled
CREATE INDEX meetings_by_start ON meetings (mode, starts_at);

-- ---- layer 1, Prospect Research ----
-- What the sources said last, and what tables call their columns.
CREATE TABLE listings (
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  entity     TEXT NOT NULL,              -- the prospect it is about
  source     TEXT NOT NULL,              -- a file's path, or 'demo-town'
  licence    TEXT NOT NULL,              -- of the data
  as_of      TEXT,                       -- the age of the data, as their source states it
  digest     TEXT NOT NULL,              -- of everything listed, to see what changed
  first_seen_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,           -- when it was read last with a change
  gone_at    INTEGER,                    -- since when its source does not list it any more
  PRIMARY KEY (mode, entity)
) STRICT, WITHOUT ROWID;
CREATE TABLE column_maps (
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  source     TEXT NOT NULL,              -- a file's path
  columns    TEXT NOT NULL,              -- JSON of domain::prospect's column map
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (mode, source)
) STRICT, WITHOUT ROWID;

-- ---- Layer 3: outreach, and the tasks of people -----------------------------------------------
CREATE TABLE task_notes (                -- what people wrote on a task without ending it
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  unit_id    INTEGER NOT NULL REFERENCES units (id),
  wall_at    INTEGER NOT NULL,
  actor      TEXT NOT NULL,              -- who: user@host
  text       TEXT NOT NULL
) STRICT;
CREATE INDEX task_notes_by_unit ON task_notes (unit_id);
-- Tasks that a rule took back are shown for some days, however long the history is.
CREATE INDEX units_withdrawn ON units (mode, layer, ended_at) WHERE skipped_by = 'rule';
