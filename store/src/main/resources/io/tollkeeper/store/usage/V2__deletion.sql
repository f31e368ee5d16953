-- Products whose usage is to be deleted, and how far that got.
CREATE TABLE usage_deletion (
    product    INTEGER PRIMARY KEY,
    product_id TEXT    NOT NULL,
    asked      INTEGER NOT NULL, -- different for every time it was asked
    after      TEXT              -- applications up to this id are done
);
