package io.tollkeeper.compat.model;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;

/// Where the meter's periods begin and end, in UTC, told by the JDK's calendar and not by the program under test. Pure
/// functions.
public final class CalendarPeriod {

    private CalendarPeriod() {}

    /// The first instant of a period.
    public static ZonedDateTime start(String period, Instant at) {
        var time = at.atZone(ZoneOffset.UTC);
        var day = time.truncatedTo(ChronoUnit.DAYS);
        return switch (period) {
            case "minute" -> time.truncatedTo(ChronoUnit.MINUTES);
            case "hour" -> time.truncatedTo(ChronoUnit.HOURS);
            case "day" -> day;
            case "week" -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
            case "month" -> day.withDayOfMonth(1);
            case "year" -> day.withDayOfYear(1);
            default -> throw new IllegalArgumentException("no period " + period);
        };
    }

    /// The first instant after a period.
    public static ZonedDateTime end(String period, Instant at) {
        var start = start(period, at);
        return switch (period) {
            case "minute" -> start.plusMinutes(1);
            case "hour" -> start.plusHours(1);
            case "day" -> start.plusDays(1);
            case "week" -> start.plusWeeks(1);
            case "month" -> start.plusMonths(1);
            default -> start.plusYears(1);
        };
    }
}
