-- The business: what the nine layers know. Every row names its mode and a natural key (`entity`).
-- Money is integer minor units with its currency. Instants are UTC milliseconds on the mode's clock.

-- ---- Sales (layers 1-4) -----------------------------------------------------------------------
CREATE TABLE prospects (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL CHECK (mode IN ('dry', 'live')),
  entity     TEXT NOT NULL,              -- 'osm:node/123', 'csv:acme-dental'
  name       TEXT NOT NULL,
  category   TEXT NOT NULL,              -- 'dental', 'restaurant', ... or the source's own 'shop=bakery'
  address    TEXT, city TEXT, postcode TEXT, country TEXT, -- country: ISO 3166-1 alpha-2
  zone       TEXT NOT NULL,              -- IANA time zone
  language   TEXT NOT NULL,              -- 'en', 'de'
  lat        REAL, lon REAL,
  phone      TEXT,                       -- E.164
  email      TEXT,
  website    TEXT,
  linkedin   TEXT,
  source     TEXT NOT NULL,              -- 'overpass-json', 'csv'
  attribution TEXT NOT NULL,
  stage      TEXT NOT NULL CHECK (stage IN ('found', 'left_out', 'not_qualified', 'qualified', 'pitched',
               'contacted', 'booked', 'client', 'lost', 'no_channel')),
  reason     TEXT,                       -- why it was left out or lost
  score      REAL, coverage REAL, tier TEXT CHECK (tier IN ('hot', 'warm', 'cold')),
  first_contact_at INTEGER,              -- first confirmed message
  last_step_at INTEGER,                  -- last planned step of the sequence
  concluded_at INTEGER,
  conclusion TEXT CHECK (conclusion IN ('booked', 'declined', 'bounced', 'opted_out', 'first_contact_dead', 'expired')),
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  UNIQUE (mode, entity),
  CHECK ((concluded_at IS NULL) = (conclusion IS NULL))
) STRICT;
CREATE INDEX prospects_concluded ON prospects (mode, concluded_at) WHERE concluded_at IS NOT NULL;
CREATE INDEX prospects_by_email ON prospects (mode, email) WHERE email IS NOT NULL;
CREATE INDEX prospects_by_phone ON prospects (mode, phone) WHERE phone IS NOT NULL;
CREATE INDEX prospects_by_stage ON prospects (mode, stage);

CREATE TABLE profiles (                  -- one audit of one public profile; never overwritten
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,
  source     TEXT NOT NULL,              -- where it was observed: 'overpass-json', 'gbp'
  observed_at INTEGER NOT NULL,
  version    TEXT NOT NULL,              -- 'found', 'before', 'after'
  facts      TEXT NOT NULL,              -- JSON of domain::profile facts
  score      REAL, coverage REAL NOT NULL,
  signals    TEXT NOT NULL,              -- JSON: earned and weight per signal
  UNIQUE (mode, entity, source, version)
) STRICT;

CREATE TABLE pitches (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,              -- the prospect
  campaign   TEXT NOT NULL,
  variant    TEXT NOT NULL,
  propensity REAL NOT NULL,              -- probability with which the variant was chosen
  writer     TEXT NOT NULL,              -- 'template' or the model's name
  subject    TEXT NOT NULL,
  email      TEXT NOT NULL, linkedin TEXT NOT NULL, phone TEXT NOT NULL, sms TEXT NOT NULL,
  claims     TEXT NOT NULL,              -- JSON: sentence -> profile fact it rests on
  created_at INTEGER NOT NULL,
  UNIQUE (mode, entity, campaign)
) STRICT;

CREATE TABLE messages (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,              -- the prospect
  campaign   TEXT NOT NULL,
  step       INTEGER NOT NULL,           -- 1 to 4
  channel    TEXT NOT NULL CHECK (channel IN ('email', 'linkedin', 'sms', 'phone')),
  planned_at INTEGER NOT NULL,
  sent_at    INTEGER,                    -- confirmed, or done by a person
  state      TEXT NOT NULL CHECK (state IN ('planned', 'sent', 'stopped', 'failed')),
  reason     TEXT,
  effect_key TEXT,
  UNIQUE (mode, entity, campaign, step)
) STRICT;
CREATE INDEX messages_by_effect ON messages (mode, effect_key) WHERE effect_key IS NOT NULL;

CREATE TABLE suppressions (              -- global per address; outlives the prospect
  mode       TEXT NOT NULL,
  address    TEXT NOT NULL,              -- lower-case e-mail or E.164
  reason     TEXT NOT NULL CHECK (reason IN ('opted_out', 'bounced', 'complained', 'by_hand')),
  evidence   TEXT NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (mode, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE meetings (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,              -- invitee URI of the first booking in a chain
  prospect   TEXT,                       -- prospect entity; NULL when nobody matched
  invitee_uri TEXT NOT NULL,             -- current invitee
  email      TEXT NOT NULL, name TEXT NOT NULL,
  starts_at  INTEGER NOT NULL, ends_at INTEGER NOT NULL,
  zone       TEXT NOT NULL,
  sequence   INTEGER NOT NULL DEFAULT 0, -- SEQUENCE of the last invite
  state      TEXT NOT NULL CHECK (state IN ('booked', 'cancelled', 'held', 'no_show')),
  outcome    TEXT CHECK (outcome IN ('won', 'lost', 'undecided')),
  plan       TEXT,                       -- 'starter', 'professional', 'enterprise' when won
  changed_at INTEGER NOT NULL,
  UNIQUE (mode, entity)
) STRICT;
CREATE INDEX meetings_by_prospect ON meetings (mode, prospect);
CREATE INDEX meetings_by_invitee ON meetings (mode, invitee_uri);

CREATE TABLE invitees (                  -- what deliveries told of one invitee; meetings derive from it
  mode       TEXT NOT NULL,
  uri        TEXT NOT NULL,
  prospect   TEXT,                       -- prospect entity; NULL when nobody matched
  email      TEXT NOT NULL, name TEXT NOT NULL, zone TEXT NOT NULL,
  starts_at  INTEGER NOT NULL, ends_at INTEGER NOT NULL,
  canceled   INTEGER NOT NULL CHECK (canceled IN (0, 1)),
  reason     TEXT,
  old_invitee TEXT, new_invitee TEXT,    -- links of a reschedule
  PRIMARY KEY (mode, uri)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitees_by_old ON invitees (mode, old_invitee) WHERE old_invitee IS NOT NULL;
CREATE INDEX invitees_by_new ON invitees (mode, new_invitee) WHERE new_invitee IS NOT NULL;

CREATE TABLE stopped_campaigns (         -- a receiver blocks the sender: nothing more goes out
  mode       TEXT NOT NULL,
  campaign   TEXT NOT NULL,
  reason     TEXT NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (mode, campaign)
) STRICT, WITHOUT ROWID;

-- ---- Operations (layers 5-6) ------------------------------------------------------------------
CREATE TABLE clients (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,              -- the prospect's entity: one business, one key
  name       TEXT NOT NULL, category TEXT NOT NULL,
  email      TEXT NOT NULL, phone TEXT, zone TEXT NOT NULL, language TEXT NOT NULL,
  plan       TEXT NOT NULL CHECK (plan IN ('starter', 'professional', 'enterprise')),
  state      TEXT NOT NULL CHECK (state IN ('onboarding', 'active', 'churned')),
  workspace  TEXT,
  customer_id TEXT,                      -- Stripe customer
  signed_at  INTEGER NOT NULL,
  live_at    INTEGER,                    -- go-live reached
  churned_at INTEGER,
  UNIQUE (mode, entity)
) STRICT;
CREATE INDEX clients_by_customer ON clients (mode, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX clients_live ON clients (mode, live_at) WHERE live_at IS NOT NULL;

CREATE TABLE onboarding_tasks (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,              -- the client
  task       TEXT NOT NULL CHECK (task IN ('documents', 'contract', 'account', 'payment', 'training', 'go_live')),
  due_at     INTEGER NOT NULL,
  done_at    INTEGER,
  note       TEXT,
  UNIQUE (mode, entity, task)
) STRICT;
CREATE INDEX onboarding_due ON onboarding_tasks (mode, due_at);

CREATE TABLE documents (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,              -- the client
  document   TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('requested', 'received', 'approved', 'rejected')),
  content    TEXT,                       -- JSON of a filled-in form
  changed_at INTEGER NOT NULL,
  UNIQUE (mode, entity, document)
) STRICT;

CREATE TABLE profile_actions (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,              -- the client
  action     TEXT NOT NULL,              -- 'set_website', 'set_hours', ...
  before     TEXT, after TEXT,           -- JSON
  due_at     INTEGER NOT NULL,
  done_at    INTEGER,
  UNIQUE (mode, entity, action)
) STRICT;
CREATE INDEX profile_actions_due ON profile_actions (mode, due_at);

CREATE TABLE posts (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,
  slot       TEXT NOT NULL,              -- '2026-W06/1'
  planned_at INTEGER NOT NULL,
  text       TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('planned', 'processing', 'live', 'rejected')),
  changed_at INTEGER NOT NULL,
  UNIQUE (mode, entity, slot)
) STRICT;

CREATE TABLE reviews (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,
  review     TEXT NOT NULL,              -- the provider's name of the review
  rating     INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
  text       TEXT NOT NULL,
  at         INTEGER NOT NULL,
  reply      TEXT, replied_at INTEGER,
  UNIQUE (mode, entity, review)
) STRICT;

-- ---- Finance (layers 7-8) ---------------------------------------------------------------------
CREATE TABLE reports (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,              -- the client
  period     TEXT NOT NULL,              -- 'weekly:2026-W06', 'monthly:2026-01'
  starts_at  INTEGER NOT NULL, ends_at INTEGER NOT NULL,
  due_at     INTEGER NOT NULL,
  delivered_at INTEGER,
  metrics    TEXT,                       -- JSON: measured, with the previous period or null
  markdown   TEXT,
  UNIQUE (mode, entity, period)
) STRICT;
CREATE INDEX reports_due ON reports (mode, due_at);

CREATE TABLE invoices (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,              -- the client
  period     TEXT NOT NULL,              -- 'setup', '2026-02'
  provider_id TEXT,                      -- Stripe invoice id
  net_minor  INTEGER NOT NULL, tax_minor INTEGER NOT NULL, total_minor INTEGER NOT NULL,
  currency   TEXT NOT NULL,
  lines      TEXT NOT NULL,              -- JSON
  issued_at  INTEGER, due_at INTEGER NOT NULL, paid_at INTEGER,
  paid_minor INTEGER NOT NULL DEFAULT 0, refunded_minor INTEGER NOT NULL DEFAULT 0,
  state      TEXT NOT NULL CHECK (state IN ('planned', 'open', 'paid', 'failed', 'void', 'uncollectible')),
  UNIQUE (mode, entity, period),
  CHECK (total_minor = net_minor + tax_minor)
) STRICT;
CREATE INDEX invoices_due ON invoices (mode, due_at);
CREATE INDEX invoices_by_provider ON invoices (mode, provider_id) WHERE provider_id IS NOT NULL;

CREATE TABLE ledger (                    -- append-only; corrections are new rows
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,              -- the client, or '' for the agency's own costs
  account    TEXT NOT NULL,              -- 'revenue', 'refund', 'dispute', 'tax', 'mrr', 'cost'
  movement   TEXT,                       -- for 'mrr': new, reactivation, expansion, contraction, churn
  minor      INTEGER NOT NULL,
  currency   TEXT NOT NULL,
  at         INTEGER NOT NULL,
  reference  TEXT NOT NULL,              -- what it rests on: event id, invoice
  UNIQUE (mode, account, reference)
) STRICT;
CREATE INDEX ledger_by_account ON ledger (mode, account, at);
CREATE INDEX ledger_mrr_of_client ON ledger (mode, entity) WHERE account = 'mrr';

CREATE TABLE subscriptions (
  mode       TEXT NOT NULL,
  provider_id TEXT NOT NULL,             -- Stripe subscription id
  entity     TEXT NOT NULL,
  status     TEXT NOT NULL,
  mrr_minor  INTEGER NOT NULL,
  currency   TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  told_at    INTEGER NOT NULL,           -- when the provider made the event it rests on
  told_by    TEXT NOT NULL,              -- that event's id
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (mode, provider_id)
) STRICT;
CREATE INDEX subscriptions_by_client ON subscriptions (mode, entity);

-- ---- Learning (layer 9) -----------------------------------------------------------------------
CREATE TABLE variants (
  mode       TEXT NOT NULL,
  arm        TEXT NOT NULL,              -- 'direct', 'friendly', ...
  successes  INTEGER NOT NULL DEFAULT 0, -- booked within the window
  failures   INTEGER NOT NULL DEFAULT 0, -- window closed without a booking
  state      TEXT NOT NULL CHECK (state IN ('live', 'stopped')),
  reason     TEXT,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (mode, arm)
) STRICT, WITHOUT ROWID;

CREATE TABLE insights (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  period     TEXT NOT NULL,
  kind       TEXT NOT NULL,              -- 'variant', 'bottleneck', 'gap'
  subject    TEXT NOT NULL,
  n          INTEGER NOT NULL,
  text       TEXT NOT NULL,
  evidence   TEXT NOT NULL,              -- JSON
  at         INTEGER NOT NULL,
  UNIQUE (mode, period, kind, subject)
) STRICT;

CREATE TABLE proposals (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mode       TEXT NOT NULL,
  entity     TEXT NOT NULL,
  text       TEXT NOT NULL,
  evidence   TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('open', 'approved', 'applied', 'rejected', 'rolled_back')),
  at         INTEGER NOT NULL,
  decided_at INTEGER, decided_by TEXT,
  UNIQUE (mode, entity)
) STRICT;

CREATE TABLE cache (
  mode TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER NOT NULL,
  PRIMARY KEY (mode, key)
) STRICT, WITHOUT ROWID;
