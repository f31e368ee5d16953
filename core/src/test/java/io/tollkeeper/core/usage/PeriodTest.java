package io.tollkeeper.core.usage;

import java.time.DayOfWeek;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PeriodTest {

    @Test
    void startsAndEndsAgreeWithTheCalendarForRandomSecondsOfEightThousandYears() {
        Random random = new Random(7);
        for (int i = 0; i < 200_000; i++) {
            long second = (long) (random.nextDouble() * 253_402_214_400L);
            assertPeriods(second);
        }
    }

    @Test
    void edgesOfYearsMonthsAndLeapDaysAreExact() {
        for (int year : new int[] {1970, 1999, 2000, 2024, 2026, 2100, 2400}) {
            for (String day : new String[] {"-01-01T00:00:00", "-02-28T23:59:59", "-03-01T00:00:00", "-12-31T23:59:59"}) {
                assertPeriods(LocalDateTime.parse(year + day).toEpochSecond(ZoneOffset.UTC));
            }
        }
        assertPeriods(LocalDateTime.parse("2024-02-29T12:00:00").toEpochSecond(ZoneOffset.UTC));
    }

    @Test
    void weeksStartOnMondayAndMaySpanTwoYears() {
        long newYear = LocalDateTime.parse("2026-01-01T10:00:00").toEpochSecond(ZoneOffset.UTC);
        assertThat(Period.WEEK.start(newYear))
                .isEqualTo(LocalDateTime.parse("2025-12-29T00:00:00").toEpochSecond(ZoneOffset.UTC));
        assertThat(Period.WEEK.end(newYear))
                .isEqualTo(LocalDateTime.parse("2026-01-05T00:00:00").toEpochSecond(ZoneOffset.UTC));
    }

    @Test
    void wireNamesAreReadBackAndOthersAreNot() {
        for (Period period : Period.values()) {
            assertThat(Period.ofWireName(period.wireName())).isEqualTo(period);
            assertThat(Period.of(period.slot())).isEqualTo(period);
        }
        assertThat(Period.ofWireName("Day")).isNull();
        assertThat(Period.ofWireName("fortnight")).isNull();
    }

    private static void assertPeriods(long second) {
        LocalDateTime time = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
        check(Period.MINUTE, second, time.truncatedTo(ChronoUnit.MINUTES), ChronoUnit.MINUTES);
        check(Period.HOUR, second, time.truncatedTo(ChronoUnit.HOURS), ChronoUnit.HOURS);
        check(Period.DAY, second, time.truncatedTo(ChronoUnit.DAYS), ChronoUnit.DAYS);
        LocalDateTime day = time.truncatedTo(ChronoUnit.DAYS);
        check(Period.WEEK, second, day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY)), ChronoUnit.WEEKS);
        check(Period.MONTH, second, day.withDayOfMonth(1), ChronoUnit.MONTHS);
        check(Period.YEAR, second, day.withDayOfYear(1), ChronoUnit.YEARS);
        assertThat(Period.ETERNITY.start(second)).isZero();
    }

    private static void check(Period period, long second, LocalDateTime start, ChronoUnit unit) {
        assertThat(period.start(second)).isEqualTo(start.toEpochSecond(ZoneOffset.UTC));
        assertThat(period.end(second)).isEqualTo(start.plus(1, unit).toEpochSecond(ZoneOffset.UTC));
    }
}
