-- Finance (layers 7-8), second edition: what the layers learned to keep.

-- Layer 7: what people did with a client's profile on each settled day, as its provider said.
CREATE TABLE daily_figures (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  entity     TEXT NOT NULL,              -- the client
  day        TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'), -- UTC
  impressions INTEGER NOT NULL CHECK (impressions >= 0),
  call_clicks INTEGER NOT NULL CHECK (call_clicks >= 0),
  website_clicks INTEGER NOT NULL CHECK (website_clicks >= 0),
  direction_requests INTEGER NOT NULL CHECK (direction_requests >= 0),
  read_at    INTEGER NOT NULL,           -- when the provider last said so; it corrects late
  UNIQUE (mode, entity, day)
) STRICT;
-- ---- Layer 8: finance tracker -----------------------------------------------------------------
ALTER TABLE ledger ADD COLUMN subject TEXT;    -- whose facts decide this line: 'mrr:..', 'invoice:..', 'charge:..'
ALTER TABLE ledger ADD COLUMN category TEXT;   -- of a cost: 'sales', 'marketing', 'delivery', 'payment', 'overhead'
ALTER TABLE ledger ADD COLUMN note TEXT;       -- what a person said of it
CREATE INDEX ledger_by_subject ON ledger (mode, subject) WHERE subject IS NOT NULL;
CREATE INDEX ledger_of_entity ON ledger (mode, entity, at);

ALTER TABLE invoices ADD COLUMN number TEXT;   -- ours '2026-0001', or the provider's own
ALTER TABLE invoices ADD COLUMN serial INTEGER; -- ours, without gaps in its year and world
ALTER TABLE invoices ADD COLUMN serial_year INTEGER;
ALTER TABLE invoices ADD COLUMN credited_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN next_attempt_at INTEGER;
ALTER TABLE invoices ADD COLUMN dunned INTEGER NOT NULL DEFAULT 0; -- reminders sent
ALTER TABLE invoices ADD COLUMN dunned_at INTEGER;
CREATE UNIQUE INDEX invoices_serial ON invoices (mode, serial_year, serial) WHERE serial IS NOT NULL;
CREATE INDEX invoices_by_number ON invoices (mode, number) WHERE number IS NOT NULL;
CREATE INDEX invoices_unpaid ON invoices (mode, due_at) WHERE state IN ('open', 'failed');

CREATE TABLE money_facts (               -- what was told of an invoice's or a charge's money; never changed
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  subject    TEXT NOT NULL,              -- 'invoice:<client>|<period>', 'charge:ch_1'
  kind       TEXT NOT NULL CHECK (kind IN ('paid_so_far', 'received', 'refunded_so_far', 'refund_failed',
               'disputed', 'dispute_won', 'dispute_lost', 'dispute_fee')),
  name       TEXT NOT NULL,              -- a refund's or dispute's id; for a growing sum, instant and amount
  minor      INTEGER NOT NULL CHECK (minor >= 0),
  currency   TEXT NOT NULL,
  at         INTEGER NOT NULL,
  told_by    TEXT NOT NULL,              -- the message
  PRIMARY KEY (mode, subject, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE charges (                   -- a charge as far as it was told of
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  id         TEXT NOT NULL,
  entity     TEXT,                       -- the client, when known
  payment_intent TEXT,
  invoice    TEXT,                       -- the provider's invoice, when told
  amount_minor INTEGER, currency TEXT,
  refunded_minor INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (mode, id),
  CHECK ((amount_minor IS NULL) = (currency IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX charges_by_intent ON charges (mode, payment_intent) WHERE payment_intent IS NOT NULL;
CREATE INDEX charges_by_invoice ON charges (mode, invoice) WHERE invoice IS NOT NULL;
CREATE INDEX charges_of_client ON charges (mode, entity) WHERE entity IS NOT NULL;

CREATE TABLE paid_by (                   -- by which charge or payment intent an invoice was paid
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  payment    TEXT NOT NULL,
  invoice    TEXT NOT NULL,
  PRIMARY KEY (mode, payment)
) STRICT, WITHOUT ROWID;
CREATE INDEX paid_by_invoice ON paid_by (mode, invoice);

CREATE TABLE subscriptions_told (        -- every message about a subscription; MRR follows from all of them
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  entity     TEXT NOT NULL,
  subscription TEXT NOT NULL,
  told_by    TEXT NOT NULL,              -- the message
  telling    TEXT NOT NULL CHECK (telling IN ('created', 'updated', 'ended')),
  status     TEXT NOT NULL,
  mrr_minor  INTEGER NOT NULL, monthly_minor INTEGER NOT NULL,
  currency   TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (mode, subscription, told_by)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_told_of_client ON subscriptions_told (mode, entity);

CREATE TABLE billing_unmatched (         -- messages of customers that are nobody's yet
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  event      TEXT NOT NULL,
  customer   TEXT NOT NULL,
  PRIMARY KEY (mode, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX billing_unmatched_of ON billing_unmatched (mode, customer);

CREATE TABLE month_closes (              -- what was said of a month, each time it was closed
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  month      TEXT NOT NULL,              -- '2026-01'
  revision   INTEGER NOT NULL CHECK (revision >= 1),
  ledger_id  INTEGER NOT NULL,           -- the last line it rests on
  figures    TEXT NOT NULL,              -- JSON
  outdated   INTEGER NOT NULL DEFAULT 0 CHECK (outdated IN (0, 1)), -- the ledger has learnt of it since
  at         INTEGER NOT NULL,
  PRIMARY KEY (mode, month, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX month_closes_outdated ON month_closes (mode, month) WHERE outdated = 1;

-- What was booked before facts were kept becomes facts, so that the lines they stand for stay.
INSERT INTO subscriptions_told
SELECT l.mode, l.entity, s.provider_id, l.reference, 'updated',
  CASE WHEN sum(l.minor) OVER so_far > 0 THEN 'active' WHEN s.status IN ('active', 'past_due') THEN 'unpaid'
       ELSE s.status END,
  sum(l.minor) OVER so_far, max(sum(l.minor) OVER so_far, abs(l.minor)), l.currency, s.started_at, l.at
FROM ledger l JOIN subscriptions s ON s.mode = l.mode AND s.provider_id =
  (SELECT min(provider_id) FROM subscriptions o WHERE o.mode = l.mode AND o.entity = l.entity)
WHERE l.account = 'mrr'
WINDOW so_far AS (PARTITION BY l.mode, l.entity, l.currency ORDER BY l.at, l.id);
UPDATE ledger SET subject = 'mrr:' || entity WHERE account = 'mrr';
INSERT INTO money_facts
SELECT mode, 'invoice:' || entity || '|' || period, 'paid_so_far', paid_at || '/' || paid_minor, paid_minor,
  currency, paid_at, coalesce(provider_id, period)
FROM invoices WHERE paid_minor > 0 AND paid_at IS NOT NULL;
UPDATE ledger SET subject = (SELECT 'invoice:' || i.entity || '|' || i.period FROM invoices i
  WHERE i.mode = ledger.mode AND i.provider_id = ledger.reference)
WHERE account IN ('revenue', 'tax') AND reference NOT LIKE '%/%';
INSERT OR IGNORE INTO charges (mode, id, entity)
SELECT mode, substr(reference, 1, instr(reference, '/') - 1), entity FROM ledger WHERE account = 'refund';
INSERT OR IGNORE INTO money_facts
SELECT mode, 'charge:' || substr(reference, 1, instr(reference, '/') - 1), 'refunded_so_far',
  at || '/' || substr(reference, instr(reference, '/') + 1),
  CAST(substr(reference, instr(reference, '/') + 1) AS INTEGER), currency, at, reference
FROM ledger WHERE account = 'refund';
UPDATE ledger SET subject = 'charge:' || substr(reference, 1, instr(reference, '/') - 1)
WHERE account = 'refund' OR account = 'tax' AND reference LIKE '%/%';
UPDATE ledger SET category = 'sales' WHERE account = 'cost';
