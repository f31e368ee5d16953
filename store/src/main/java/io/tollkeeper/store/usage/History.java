package io.tollkeeper.store.usage;

import java.time.Duration;

/// How long closed hours and days are kept; zero is for good, as weeks and everything longer are. Immutable.
public record History(Duration hours, Duration days) {

    public static final History DEFAULT = new History(Duration.ofDays(90), Duration.ZERO);
}
