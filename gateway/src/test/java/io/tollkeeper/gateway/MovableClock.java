package io.tollkeeper.gateway;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/// The system's clock, and then some.
final class MovableClock implements InstantSource {

    private final AtomicLong ahead = new AtomicLong();

    void ahead(Duration more) {
        ahead.addAndGet(more.toMillis());
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(System.currentTimeMillis() + ahead.get());
    }
}
