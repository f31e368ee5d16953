-- Snapshots of usage, and what lies in closed periods.

CREATE TABLE application_usage (
    application INTEGER PRIMARY KEY,
    seq         INTEGER NOT NULL, -- the snapshot includes journal rows up to here
    slots       BLOB    NOT NULL
);

CREATE TABLE usage_past (
    application INTEGER NOT NULL,
    metric      INTEGER NOT NULL,
    granularity INTEGER NOT NULL, -- 0 eternity, 1 year, 2 month, 3 week, 4 day, 5 hour, 6 minute
    start       INTEGER NOT NULL, -- epoch second
    value       INTEGER NOT NULL,
    PRIMARY KEY (application, metric, granularity, start)
) WITHOUT ROWID;

CREATE TABLE product_usage (
    product INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL,
    slots   BLOB    NOT NULL
);

CREATE TABLE product_past (
    product     INTEGER NOT NULL,
    metric      INTEGER NOT NULL,
    granularity INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    value       INTEGER NOT NULL,
    PRIMARY KEY (product, metric, granularity, start)
) WITHOUT ROWID;

-- The highest sequence of any snapshot: a journal that was emptied must not give it again.
CREATE TABLE usage_sequence (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL
);
INSERT INTO usage_sequence (id, seq) VALUES (1, 0);
