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
