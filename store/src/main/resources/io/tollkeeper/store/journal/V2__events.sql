-- Events that nobody fetched and deleted yet. They commit with the journal rows that caused them, which is why they are
-- in this file. Ids are never given twice (AUTOINCREMENT), also when an event was deleted.

CREATE TABLE event (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    type            TEXT    NOT NULL, -- first_traffic, first_daily_traffic, alert
    at              INTEGER NOT NULL, -- epoch second
    product_id      TEXT    NOT NULL,
    application_id  TEXT    NOT NULL,
    alert_id        INTEGER,          -- alerts only, a sequence of their own
    utilization     INTEGER,          -- the bin, percent
    max_utilization REAL,
    limit_text      TEXT
);

CREATE TABLE alert_sequence (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
);
INSERT INTO alert_sequence (id, last) VALUES (1, 0);

-- What is remembered of applications (by number) so that nobody is told twice.

CREATE TABLE last_traffic (
    application INTEGER PRIMARY KEY,
    day         INTEGER NOT NULL -- UTC day since 1970-01-01
);

CREATE TABLE announced (
    application INTEGER NOT NULL,
    percent     INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (application, percent)
) WITHOUT ROWID;
