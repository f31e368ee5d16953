-- Utilizations, in percent, at which a product asks for alerts.

CREATE TABLE alert_limit (
    product INTEGER NOT NULL,
    percent INTEGER NOT NULL,
    PRIMARY KEY (product, percent)
);
