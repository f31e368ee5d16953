package io.tollkeeper.core.usage;

import org.jspecify.annotations.Nullable;

/// A calendar-aligned span of time in UTC, half-open `[start, end)`, in epoch seconds. Pure arithmetic, no allocation.
///
/// Declared in the order of 3scale's answers (longest first); the slot is both that order and the index in
/// [UsageCounters].
public enum Period {
    ETERNITY(0, "eternity"),
    YEAR(1, "year"),
    MONTH(2, "month"),
    WEEK(3, "week"),
    DAY(4, "day"),
    HOUR(5, "hour"),
    MINUTE(6, "minute");

    /// How many periods there are; the width of a row of slots.
    public static final int COUNT = 7;

    private static final Period[] ALL = values();
    private static final long SECONDS_PER_DAY = 86_400;

    /// 1970-01-05 was a Monday.
    private static final long FIRST_MONDAY = 4;

    /// 9999-12-31T00:00:00Z, never printed.
    private static final long END_OF_ETERNITY = 253_402_214_400L;

    private final int slot;
    private final String wireName;

    Period(int slot, String wireName) {
        this.slot = slot;
        this.wireName = wireName;
    }

    /// Index of the period in a row of slots, in arrays of differences and in stored masks: never changes.
    public int slot() {
        return slot;
    }

    /// The name on the wire: `minute` … `eternity`.
    public String wireName() {
        return wireName;
    }

    /// The period of this wire name, or none.
    public static @Nullable Period ofWireName(String name) {
        for (Period period : ALL) {
            if (period.wireName.equals(name)) {
                return period;
            }
        }
        return null;
    }

    /// The period of this slot, without copying the array of values.
    public static Period of(int slot) {
        return ALL[slot];
    }

    /// First second of the period that contains `second`.
    public long start(long second) {
        return switch (this) {
            case MINUTE -> second - Math.floorMod(second, 60);
            case HOUR -> second - Math.floorMod(second, 3_600);
            case DAY -> second - Math.floorMod(second, SECONDS_PER_DAY);
            case WEEK -> {
                long day = Math.floorDiv(second, SECONDS_PER_DAY);
                yield (day - Math.floorMod(day - FIRST_MONDAY, 7L)) * SECONDS_PER_DAY;
            }
            case MONTH -> {
                long month = monthOf(Math.floorDiv(second, SECONDS_PER_DAY));
                yield dayOfMonthStart(month) * SECONDS_PER_DAY;
            }
            case YEAR -> {
                long month = monthOf(Math.floorDiv(second, SECONDS_PER_DAY));
                yield dayOfMonthStart(month - Math.floorMod(month, 12L)) * SECONDS_PER_DAY;
            }
            case ETERNITY -> 0;
        };
    }

    /// First second after the period that contains `second`.
    public long end(long second) {
        return switch (this) {
            case MINUTE -> start(second) + 60;
            case HOUR -> start(second) + 3_600;
            case DAY -> start(second) + SECONDS_PER_DAY;
            case WEEK -> start(second) + 7 * SECONDS_PER_DAY;
            case MONTH -> dayOfMonthStart(monthOf(Math.floorDiv(second, SECONDS_PER_DAY)) + 1) * SECONDS_PER_DAY;
            case YEAR -> {
                long month = monthOf(Math.floorDiv(second, SECONDS_PER_DAY));
                yield dayOfMonthStart(month - Math.floorMod(month, 12L) + 12) * SECONDS_PER_DAY;
            }
            case ETERNITY -> END_OF_ETERNITY;
        };
    }

    // The two conversions below count years from March, so that the leap day is the last of its year; the well-known
    // arithmetic of proleptic Gregorian days (400 years = 146 097 days).

    /// Months since 0000-01 of a day since 1970-01-01.
    private static long monthOf(long epochDay) {
        long day = epochDay + 719_468;
        long era = Math.floorDiv(day, 146_097);
        long dayOfEra = day - era * 146_097;
        long yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long marchMonth = (5 * dayOfYear + 2) / 153;
        return (yearOfEra + era * 400) * 12 + marchMonth + 2;
    }

    /// Day since 1970-01-01 of the first day of a month since 0000-01.
    private static long dayOfMonthStart(long month) {
        long shifted = month - 2;
        long year = Math.floorDiv(shifted, 12L);
        long marchMonth = shifted - year * 12;
        long era = Math.floorDiv(year, 400);
        long yearOfEra = year - era * 400;
        long dayOfYear = (153 * marchMonth + 2) / 5;
        long dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
        return era * 146_097 + dayOfEra - 719_468;
    }
}
