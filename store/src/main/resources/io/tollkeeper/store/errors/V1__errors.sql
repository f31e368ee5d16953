-- Integration errors: the newest 1000 per product. Ids ascend in the order of arrival.

CREATE TABLE integration_error (
    id      INTEGER PRIMARY KEY,
    product TEXT    NOT NULL,
    at      INTEGER NOT NULL, -- epoch second
    code    TEXT    NOT NULL,
    message TEXT    NOT NULL,
    context TEXT    NOT NULL, -- a JSON object
    bytes   INTEGER NOT NULL  -- about what the row takes
);
CREATE INDEX integration_error_by_product ON integration_error (product, id, bytes);
