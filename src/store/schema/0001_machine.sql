-- The machine itself: runs, units, attempts, effects, leases, limits, events.
-- Instants are UTC milliseconds. `at` columns follow the mode's clock (dry time stands still between
-- jumps), `wall_at` columns the real one. Every pipeline row names its mode.

CREATE TABLE settings (
  key        TEXT PRIMARY KEY,
  value      TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE layers (
  layer     INTEGER PRIMARY KEY CHECK (layer BETWEEN 1 AND 9),
  name      TEXT NOT NULL UNIQUE,
  container TEXT CHECK (container IN ('sales', 'operations', 'finance'))
) STRICT;
INSERT INTO layers VALUES
  (1, 'Prospect Research', 'sales'), (2, 'Pitch Generator', 'sales'),
  (3, 'Outreach Engine', 'sales'), (4, 'Booking Handler', 'sales'),
  (5, 'Onboarding Flow', 'operations'), (6, 'GBP Optimizer', 'operations'),
  (7, 'Reporting Engine', 'finance'), (8, 'Finance Tracker', 'finance'),
  (9, 'Self-Learning', NULL);

CREATE TABLE commands (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  wall_at  INTEGER NOT NULL,
  actor    TEXT NOT NULL,                -- who: user@host
  origin   TEXT NOT NULL CHECK (origin IN ('cli', 'screen', 'server', 'machine')),
  mode     TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  name     TEXT NOT NULL,
  args     TEXT NOT NULL,                -- JSON
  state    TEXT NOT NULL CHECK (state IN ('accepted', 'done', 'refused')),
  answer   TEXT,                         -- what was done, or why it was refused
  ended_at INTEGER,
  CHECK ((ended_at IS NULL) = (state = 'accepted'))
) STRICT;
CREATE INDEX commands_open ON commands (id) WHERE state = 'accepted';

CREATE TABLE audit_log (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  command_id INTEGER REFERENCES commands (id),
  wall_at    INTEGER NOT NULL,
  actor      TEXT NOT NULL,
  origin     TEXT NOT NULL,
  what       TEXT NOT NULL,
  before     TEXT,
  after      TEXT
) STRICT;

CREATE TABLE runs (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  scope      TEXT NOT NULL,              -- 'all' or a layer number
  state      TEXT NOT NULL CHECK (state IN ('planned', 'running', 'paused', 'draining', 'interrupted',
               'succeeded', 'partially_failed', 'failed', 'cancelled')),
  input      TEXT,                       -- source file, when one was named
  input_limit INTEGER,                   -- most businesses to take from the input
  started_at INTEGER NOT NULL,           -- mode clock
  ended_at   INTEGER,
  wall_started_at INTEGER NOT NULL,
  wall_ended_at   INTEGER,
  owner      TEXT NOT NULL,              -- 'cli pid 412@host'
  why        TEXT,
  CHECK ((wall_ended_at IS NOT NULL) = (state IN ('succeeded', 'partially_failed', 'failed', 'cancelled')))
) STRICT;
CREATE INDEX runs_open ON runs (mode, id) WHERE wall_ended_at IS NULL;

CREATE TABLE units (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  layer      INTEGER NOT NULL REFERENCES layers (layer),
  kind       TEXT NOT NULL,              -- the layer's own word: 'business', 'message', ...
  entity     TEXT NOT NULL,              -- natural key: 'osm:node/123', a Stripe id, client + period
  version    TEXT NOT NULL,              -- which of the entity's works: 'pitch', 'msg/email/1', ...
  label      TEXT NOT NULL,              -- one line for a person
  payload    TEXT NOT NULL DEFAULT '{}', -- JSON, the unit's input
  answer     TEXT,                       -- JSON, what the person or counterparty answered
  state      TEXT NOT NULL CHECK (state IN ('blocked', 'scheduled', 'ready', 'leased', 'retry_wait',
               'waiting', 'held', 'done', 'dead', 'skipped', 'cancelled')),
  why        TEXT,                       -- why it waits, was skipped, is held or dead
  run_at     INTEGER,                    -- earliest time, mode clock
  due_at     INTEGER,                    -- when it should be done by
  blocked_on TEXT,                       -- 'layer|entity|version' of the unit it waits for
  epoch      INTEGER NOT NULL DEFAULT 0, -- grows with each claim; every later write compares it
  lease_epoch INTEGER,                   -- epoch of the layer lease it was claimed under
  run_id     INTEGER REFERENCES runs (id),
  tries      INTEGER NOT NULL DEFAULT 0, -- attempts that spent a try
  lost_in_row INTEGER NOT NULL DEFAULT 0,
  faulted    INTEGER NOT NULL DEFAULT 0 CHECK (faulted IN (0, 1)), -- some attempt failed, timed out or was lost
  operated   INTEGER NOT NULL DEFAULT 0 CHECK (operated IN (0, 1)), -- an operator retried, skipped, resolved or edited it
  skipped_by TEXT CHECK (skipped_by IN ('rule', 'person')),
  first_failed_at INTEGER,               -- start of the retry deadline
  created_at INTEGER NOT NULL,
  started_at INTEGER,                    -- first claim
  ended_at   INTEGER,
  UNIQUE (mode, layer, entity, version),
  CHECK ((ended_at IS NOT NULL) = (state IN ('done', 'dead', 'skipped', 'cancelled'))),
  CHECK (state NOT IN ('scheduled', 'retry_wait') OR run_at IS NOT NULL),
  CHECK ((state = 'blocked') <= (blocked_on IS NOT NULL)),
  CHECK ((skipped_by IS NOT NULL) = (state = 'skipped'))
) STRICT;
CREATE INDEX units_ready ON units (mode, layer, id) WHERE state = 'ready';
CREATE INDEX units_scheduled ON units (mode, layer, run_at) WHERE state = 'scheduled';
CREATE INDEX units_retrying ON units (mode, layer, run_at) WHERE state = 'retry_wait';
CREATE INDEX units_by_state ON units (mode, layer, state, run_at);
CREATE INDEX units_blocked ON units (mode, blocked_on) WHERE state = 'blocked';
CREATE INDEX units_counted ON units (mode, layer, ended_at)
  WHERE state IN ('done', 'dead') OR skipped_by = 'person';
CREATE INDEX units_by_entity ON units (mode, entity);

CREATE TABLE attempts (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  unit_id    INTEGER NOT NULL REFERENCES units (id),
  mode       TEXT NOT NULL,
  layer      INTEGER NOT NULL,
  number     INTEGER NOT NULL,           -- 1, 2, 3 within the unit
  state      TEXT NOT NULL CHECK (state IN ('started', 'ok', 'failed', 'timed_out', 'deferred',
               'cancelled', 'lost', 'fenced')),
  epoch      INTEGER NOT NULL,
  owner      TEXT NOT NULL,
  run_id     INTEGER,
  trace_id   TEXT NOT NULL,
  at         INTEGER NOT NULL,           -- mode clock at the start
  ended_at   INTEGER,                    -- mode clock at the end
  wall_at    INTEGER NOT NULL,
  duration_us INTEGER,                   -- monotonic
  class      TEXT,                       -- error class, when it failed
  code       TEXT,
  message    TEXT,
  causes     TEXT,                       -- JSON list, outer to root
  fingerprint TEXT,
  retry_at   INTEGER,                    -- when the next try was planned for
  retry_why  TEXT,
  UNIQUE (unit_id, number),
  CHECK ((ended_at IS NULL) = (state = 'started'))
) STRICT;
CREATE INDEX attempts_counted ON attempts (mode, layer, ended_at)
  WHERE state IN ('ok', 'failed', 'timed_out', 'lost');
CREATE INDEX attempts_started ON attempts (mode, layer) WHERE state = 'started';
CREATE INDEX attempts_by_fingerprint ON attempts (mode, fingerprint, id) WHERE fingerprint IS NOT NULL;

CREATE TABLE effects (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  key        TEXT NOT NULL,              -- hash(mode, layer, entity, action, version)
  layer      INTEGER NOT NULL,
  unit_id    INTEGER NOT NULL REFERENCES units (id),
  action     TEXT NOT NULL,
  entity     TEXT NOT NULL,
  version    TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('sending', 'confirmed', 'rejected', 'unknown')),
  recovery   TEXT NOT NULL CHECK (recovery IN ('idempotent', 'queryable', 'at_most_once')),
  host       TEXT NOT NULL,              -- who is called; limits and breakers are per host
  payload    TEXT NOT NULL,              -- JSON; a retry sends this, not a new text
  digest     TEXT NOT NULL,
  sends      INTEGER NOT NULL DEFAULT 1,
  owner      TEXT NOT NULL,              -- process of the last send
  attempt_id INTEGER NOT NULL,           -- attempt of the last send
  sent_at    INTEGER NOT NULL,           -- mode clock of the last send
  settled_at INTEGER,
  confirmed_no INTEGER,                  -- place in the order of confirmations, which is not that of ids
  wall_at    INTEGER NOT NULL,
  receipt    TEXT,                       -- JSON
  evidence   TEXT,                       -- why it is unknown, or who resolved it and how
  UNIQUE (mode, key),
  CHECK ((receipt IS NOT NULL) = (state = 'confirmed')),
  CHECK ((confirmed_no IS NOT NULL) = (state = 'confirmed')),
  CHECK ((settled_at IS NOT NULL) = (state IN ('confirmed', 'rejected')))
) STRICT;
CREATE UNIQUE INDEX effects_confirmed ON effects (mode, confirmed_no) WHERE confirmed_no IS NOT NULL;
CREATE INDEX effects_open ON effects (mode, id) WHERE state IN ('sending', 'unknown');
CREATE INDEX effects_by_state ON effects (mode, layer, state);
CREATE INDEX effects_by_entity ON effects (mode, entity, action);
CREATE INDEX effects_by_unit ON effects (unit_id);

CREATE TABLE leases (
  mode      TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  name      TEXT NOT NULL,               -- 'layer/3' or 'clock'
  owner     TEXT NOT NULL,
  epoch     INTEGER NOT NULL,
  until     INTEGER NOT NULL,            -- wall clock
  pid       INTEGER NOT NULL,
  pid_start INTEGER NOT NULL,
  boot_id   TEXT NOT NULL,
  PRIMARY KEY (mode, name)
) STRICT;

CREATE TABLE limits (
  mode  TEXT NOT NULL,
  kind  TEXT NOT NULL CHECK (kind IN ('bucket', 'breaker', 'slot')),
  name  TEXT NOT NULL,                   -- bucket, breaker: the host; slot: 'email/2026-01-05'
  state TEXT NOT NULL,                   -- JSON of the value type in domain::resilience; slot: the count
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (mode, kind, name)
) STRICT;

CREATE TABLE inbox (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  mode        TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  provider    TEXT NOT NULL,             -- 'calendly', 'stripe', 'mailbox', 'person', 'profile'
  delivery_id TEXT NOT NULL,             -- what duplicates share
  headers     TEXT NOT NULL,
  body        BLOB NOT NULL,             -- raw, as signed
  at          INTEGER NOT NULL,
  wall_at     INTEGER NOT NULL,
  UNIQUE (mode, provider, delivery_id)
) STRICT;

CREATE TABLE events (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  mode    TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  at      INTEGER NOT NULL,
  wall_at INTEGER NOT NULL,
  level   TEXT NOT NULL CHECK (level IN ('info', 'warn', 'error')),
  layer   INTEGER,
  unit_id INTEGER,
  run_id  INTEGER,
  kind    TEXT NOT NULL,
  text    TEXT NOT NULL,
  data    TEXT                            -- JSON
) STRICT;
CREATE INDEX events_by_unit ON events (unit_id, id) WHERE unit_id IS NOT NULL;

CREATE TABLE coherence_metrics (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  mode    TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  at      INTEGER NOT NULL,
  wall_at INTEGER NOT NULL,
  run_id  INTEGER,
  phi     REAL,                           -- NULL: some container is unknown
  coupling REAL,
  inputs  TEXT NOT NULL                   -- JSON: every figure with its n
) STRICT;
CREATE INDEX coherence_by_time ON coherence_metrics (mode, id);

CREATE TABLE research_logs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, mode TEXT NOT NULL, at INTEGER NOT NULL, wall_at INTEGER NOT NULL,
  question TEXT NOT NULL, answer TEXT NOT NULL, citations TEXT NOT NULL
) STRICT;
CREATE TABLE architectures (
  id INTEGER PRIMARY KEY AUTOINCREMENT, wall_at INTEGER NOT NULL, layer INTEGER NOT NULL, document TEXT NOT NULL
) STRICT;
CREATE TABLE test_results (
  id INTEGER PRIMARY KEY AUTOINCREMENT, mode TEXT NOT NULL, wall_at INTEGER NOT NULL, layer INTEGER,
  name TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('passed', 'failed', 'skipped')), detail TEXT
) STRICT;

-- Rolling aggregates: screens read these, so their cost does not grow with history.
CREATE TABLE unit_counts (
  mode TEXT NOT NULL, layer INTEGER NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (mode, layer, state)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempt_counts (
  mode TEXT NOT NULL, layer INTEGER NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (mode, layer, state)
) STRICT, WITHOUT ROWID;
-- Working time of each layer in each run.
CREATE TABLE run_work (
  run_id INTEGER NOT NULL, layer INTEGER NOT NULL, duration_us INTEGER NOT NULL,
  PRIMARY KEY (run_id, layer)
) STRICT, WITHOUT ROWID;
CREATE TABLE effect_counts (
  mode TEXT NOT NULL, layer INTEGER NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (mode, layer, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER unit_counted AFTER INSERT ON units BEGIN
  INSERT INTO unit_counts VALUES (NEW.mode, NEW.layer, NEW.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER unit_recounted AFTER UPDATE OF state ON units WHEN OLD.state <> NEW.state BEGIN
  UPDATE unit_counts SET n = n - 1 WHERE mode = OLD.mode AND layer = OLD.layer AND state = OLD.state;
  INSERT INTO unit_counts VALUES (NEW.mode, NEW.layer, NEW.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER attempt_counted AFTER INSERT ON attempts BEGIN
  INSERT INTO attempt_counts VALUES (NEW.mode, NEW.layer, NEW.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER attempt_recounted AFTER UPDATE OF state ON attempts WHEN OLD.state <> NEW.state BEGIN
  UPDATE attempt_counts SET n = n - 1 WHERE mode = OLD.mode AND layer = OLD.layer AND state = OLD.state;
  INSERT INTO attempt_counts VALUES (NEW.mode, NEW.layer, NEW.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
  INSERT INTO run_work SELECT NEW.run_id, NEW.layer, NEW.duration_us
    WHERE NEW.run_id IS NOT NULL AND NEW.duration_us IS NOT NULL
    ON CONFLICT DO UPDATE SET duration_us = duration_us + excluded.duration_us;
END;
CREATE TRIGGER effect_counted AFTER INSERT ON effects BEGIN
  INSERT INTO effect_counts VALUES (NEW.mode, NEW.layer, NEW.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER effect_recounted AFTER UPDATE OF state ON effects WHEN OLD.state <> NEW.state BEGIN
  UPDATE effect_counts SET n = n - 1 WHERE mode = OLD.mode AND layer = OLD.layer AND state = OLD.state;
  INSERT INTO effect_counts VALUES (NEW.mode, NEW.layer, NEW.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
