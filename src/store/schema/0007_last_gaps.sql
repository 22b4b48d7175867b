-- Indexes and columns that the last depth of the layers needs.

-- Layer 6: the posts of all clients that are still to go out, in calendar order.
CREATE INDEX posts_planned ON posts (mode, planned_at, id) WHERE state = 'planned';

-- Orchestrator: the latest whole run of a world says up to when plans are due.
CREATE INDEX runs_whole ON runs (mode, id) WHERE scope = 'all';

-- Layer 8: the papers by which an invoice that has gone out is taken back, and what of it was lost.
ALTER TABLE charges ADD COLUMN lost_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN lost_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN noted_minor INTEGER NOT NULL DEFAULT 0; -- sum of its credit notes
CREATE INDEX invoices_to_credit ON invoices (mode, id) WHERE issued_at IS NOT NULL
  AND noted_minor < total_minor AND (state = 'void' OR noted_minor < refunded_minor + lost_minor);
CREATE TABLE credit_notes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  entity     TEXT NOT NULL,              -- the client
  period     TEXT NOT NULL,              -- of its invoice
  place      INTEGER NOT NULL CHECK (place >= 1), -- the how-manieth note of its invoice
  number     TEXT NOT NULL,              -- 'CN-2026-0001'
  serial     INTEGER NOT NULL, serial_year INTEGER NOT NULL, -- without gaps in its year and world
  reason     TEXT NOT NULL CHECK (reason IN ('refund', 'dispute', 'withdrawn')),
  net_minor  INTEGER NOT NULL, tax_minor INTEGER NOT NULL, total_minor INTEGER NOT NULL CHECK (total_minor > 0),
  currency   TEXT NOT NULL,
  at         INTEGER NOT NULL,           -- when it took its number
  issued_at  INTEGER,                    -- when it went out
  UNIQUE (mode, entity, period, place),
  UNIQUE (mode, serial_year, serial),
  CHECK (total_minor = net_minor + tax_minor)
) STRICT;
CREATE INDEX credit_notes_at ON credit_notes (mode, at);
CREATE INDEX credit_notes_number ON credit_notes (mode, number);

-- Layers 3 and 4: what comes back by mail.
CREATE TABLE pauses (                    -- a prospect is away: its sequence waits
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  entity     TEXT NOT NULL,              -- the prospect
  until      INTEGER NOT NULL,           -- the latest that was told
  why        TEXT NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (mode, entity)
) STRICT, WITHOUT ROWID;

CREATE TABLE soft_bounces (              -- a server gave up on a message for now; never updated
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  address    TEXT NOT NULL,              -- lower-case e-mail
  delivery   TEXT NOT NULL,              -- which report told it: one report counts once
  status     TEXT NOT NULL,              -- enhanced status code, '4.2.2'
  at         INTEGER NOT NULL,
  PRIMARY KEY (mode, address, delivery)
) STRICT, WITHOUT ROWID;

CREATE TABLE invite_replies (            -- what an invitee's calendar answered last
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  meeting    TEXT NOT NULL,              -- the meeting's entity
  sequence   INTEGER NOT NULL,           -- which edition of the invite it answers
  answer     TEXT NOT NULL CHECK (answer IN ('accepted', 'declined', 'tentative')),
  at         INTEGER NOT NULL,           -- when it was given, by its own word
  PRIMARY KEY (mode, meeting)
) STRICT, WITHOUT ROWID;

CREATE INDEX effects_by_invite ON effects (mode, json_extract(payload, '$.uid'))
  WHERE action = 'send_invite';
-- Mail that is not read yet: no message goes out before it.
CREATE INDEX units_unread_mail ON units (mode) WHERE kind = 'mail' AND ended_at IS NULL;
