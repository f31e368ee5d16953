-- The log of everything counted that no snapshot includes yet. One row here is one commit: the journal rows of a group,
-- one after the other, in one blob (the layout is drawn in GroupBytes.java).

CREATE TABLE journal_group (
    first    INTEGER PRIMARY KEY, -- sequence of the first row
    last     INTEGER NOT NULL,    -- sequence of the last row
    at       INTEGER NOT NULL,    -- latest second at which one of the rows was decided
    checksum INTEGER NOT NULL,    -- CRC-32C of body
    body     BLOB    NOT NULL
);

-- Hand-ins that were counted, so that the same one is not counted again.
CREATE TABLE seen_batch (
    id TEXT    PRIMARY KEY,
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX seen_batch_by_age ON seen_batch (at);

-- Written to see whether anything can be written.
CREATE TABLE probe (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    at      INTEGER NOT NULL,
    ballast BLOB    NOT NULL
);
