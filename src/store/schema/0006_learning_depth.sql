-- Learning (layer 9), second edition: what the layers learned to keep.

-- ---- Self-Learning (layer 9) ------------------------------------------------------------------
CREATE TABLE assignments (               -- with which variant a recipient is written to; it stays
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  entity     TEXT NOT NULL,              -- the prospect
  campaign   TEXT NOT NULL,
  arm        TEXT NOT NULL,
  propensity REAL NOT NULL CHECK (propensity > 0 AND propensity <= 1.000001),
  seed       TEXT NOT NULL,              -- of the draw, an unsigned number beyond SQLite's integers
  draw_key   TEXT NOT NULL,              -- the question of the draw
  at         INTEGER NOT NULL,
  PRIMARY KEY (mode, entity, campaign)
) STRICT, WITHOUT ROWID;

ALTER TABLE variants ADD COLUMN weighted_successes REAL NOT NULL DEFAULT 0; -- old ones weigh less
ALTER TABLE variants ADD COLUMN weighted_failures REAL NOT NULL DEFAULT 0;
ALTER TABLE variants ADD COLUMN evidence_from INTEGER; -- contacts before this count no more
UPDATE variants SET weighted_successes = successes, weighted_failures = failures;

ALTER TABLE proposals ADD COLUMN change TEXT NOT NULL DEFAULT '{"change":"advice"}'; -- JSON
ALTER TABLE proposals ADD COLUMN measure TEXT NOT NULL DEFAULT 'booking'
  CHECK (measure IN ('booking', 'showing_up', 'closing', 'reach'));
ALTER TABLE proposals ADD COLUMN note TEXT;
ALTER TABLE proposals ADD COLUMN applied_at INTEGER;
ALTER TABLE proposals ADD COLUMN measure_at INTEGER; -- fixed when it is applied: one look
ALTER TABLE proposals ADD COLUMN previous TEXT;      -- JSON of what was before
ALTER TABLE proposals ADD COLUMN effect TEXT;        -- JSON of what was measured
CREATE INDEX proposals_to_measure ON proposals (mode, measure_at)
  WHERE state = 'applied' AND effect IS NULL;

CREATE TABLE setting_overrides (         -- settings that a person put in force by a proposal
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  key        TEXT NOT NULL,              -- 'learning.floor', 'outreach.caps.email', ...
  value      REAL NOT NULL,
  proposal   INTEGER NOT NULL REFERENCES proposals (id),
  by_whom    TEXT NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (mode, key)
) STRICT, WITHOUT ROWID;
