package io.tollkeeper.core.usage;

import io.tollkeeper.core.reason.Reason;

/// What is wrong with one entry of a usage: `USAGE_VALUE_INVALID` or `METRIC_INVALID`, and 3scale's message.
public record UsageFault(Reason reason, String metric, String message) {}
