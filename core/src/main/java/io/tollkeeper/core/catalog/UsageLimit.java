package io.tollkeeper.core.catalog;

import io.tollkeeper.core.usage.Period;

/// What a plan allows of a metric in a period.
public record UsageLimit(String planId, String metricId, Period period, long max) {}
