-- The catalogue. Plain SQL that PostgreSQL understands as well.
--
-- Numbers (of products, metrics, applications) are what counters are kept under. They are never given twice: a row that
-- was deleted stays with present = 0, so that the same id gets the same number, and thereby its counters, again.

CREATE TABLE catalog_sequence (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence BIGINT  NOT NULL
);
INSERT INTO catalog_sequence (id, sequence) VALUES (1, 0);

CREATE TABLE product (
    number                    INTEGER PRIMARY KEY,
    id                        TEXT    NOT NULL UNIQUE,
    present                   INTEGER NOT NULL DEFAULT 0,
    provider_key              TEXT,
    backend_version           TEXT,
    active                    INTEGER NOT NULL DEFAULT 0,
    referrer_filters_required INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX product_by_provider_key ON product (provider_key);

CREATE TABLE default_product (
    provider_key TEXT PRIMARY KEY,
    product_id   TEXT NOT NULL
);

CREATE TABLE service_token (
    token      TEXT NOT NULL,
    product_id TEXT NOT NULL,
    PRIMARY KEY (token, product_id)
);

CREATE TABLE metric (
    product   INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    id        TEXT    NOT NULL,
    present   INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    parent_id TEXT,
    PRIMARY KEY (product, number),
    UNIQUE (product, id)
);

CREATE TABLE usage_limit (
    product   INTEGER NOT NULL,
    plan_id   TEXT    NOT NULL,
    metric_id TEXT    NOT NULL,
    period    TEXT    NOT NULL,
    maximum   BIGINT  NOT NULL,
    PRIMARY KEY (product, plan_id, metric_id, period)
);

CREATE TABLE application (
    number       INTEGER PRIMARY KEY,
    product      INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    present      INTEGER NOT NULL DEFAULT 0,
    state        TEXT    NOT NULL DEFAULT '',
    plan_id      TEXT,
    plan_name    TEXT,
    redirect_url TEXT,
    UNIQUE (product, id)
);

-- The application need not exist (yet).
CREATE TABLE user_key (
    product        INTEGER NOT NULL,
    user_key       TEXT    NOT NULL,
    application_id TEXT    NOT NULL,
    PRIMARY KEY (product, user_key)
);
CREATE INDEX user_key_by_application ON user_key (product, application_id);

CREATE TABLE application_key (
    application INTEGER NOT NULL,
    app_key     TEXT    NOT NULL,
    PRIMARY KEY (application, app_key)
);

CREATE TABLE referrer_filter (
    application INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    filter      TEXT    NOT NULL,
    PRIMARY KEY (application, place),
    UNIQUE (application, filter)
);
