-- Kept flight records. A request id is a ULID, so the key's order is the order of time. The lower half is stored with
-- its highest bit turned over, because SQLite compares signed.

CREATE TABLE flight (
    high INTEGER NOT NULL,
    low  INTEGER NOT NULL,
    body BLOB    NOT NULL, -- FlightBytes.java
    PRIMARY KEY (high, low)
) WITHOUT ROWID;
