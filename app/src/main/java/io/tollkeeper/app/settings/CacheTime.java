package io.tollkeeper.app.settings;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/// How long something that was fetched is good: a time, for ever, or as the environment has it. Immutable.
///
/// @param time null for ever, and for auto
public record CacheTime(boolean auto, @Nullable Duration time) {
    public static final CacheTime FOREVER = new CacheTime(false, null);
    public static final CacheTime AUTO = new CacheTime(true, null);

    static @Nullable CacheTime parse(String text) {
        return switch (text) {
            case "auto" -> AUTO;
            case "forever" -> FOREVER;
            default -> ValueType.duration(text) instanceof Duration time ? new CacheTime(false, time) : null;
        };
    }

    /// Whether nothing is to be kept.
    public boolean isNone() {
        return time != null && time.isZero();
    }

    @Override public String toString() {
        return auto ? "auto" : time == null ? "forever" : time.toMillis() % 1000 == 0 ? time.toSeconds() + "s" : time.toMillis() + "ms";
    }
}
