package io.tollkeeper.meter.report;

import java.time.Instant;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// The table of the specification's section 13.1.
class TimestampsTest {

    private static final long NOW = Instant.parse("2026-11-20T16:27:05Z").getEpochSecond();

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "2026-03-10 11:00:00|2026-03-10T11:00:00Z",
        "2026-03-10T11:00:07|2026-03-10T11:00:07Z",
        "2026-03-10 11:00|2026-03-10T11:00:00Z",
        "2026-03-10 11:00:07.999|2026-03-10T11:00:07Z",
        "2026-03-10T11:00:07Z|2026-03-10T11:00:07Z",
        "2026-03-10 11:00:00 +02:00|2026-03-10T09:00:00Z",
        "2026-03-10 11:00:00 -0200|2026-03-10T13:00:00Z",
        "2026-03-10T11:00:00.5+02:00|2026-03-10T09:00:00Z",
        "2026-03-10 11:00:00 PST|2026-03-10T19:00:00Z",
        "2026-03-10 11:00:00 GMT|2026-03-10T11:00:00Z",
        "2026-03-10 11:00:00 XYZ|2026-03-10T11:00:00Z",
        "2026/03/10 11:00:00|2026-03-10T11:00:00Z",
        "2026/3/1 1:00|2026-03-01T01:00:00Z",
        "Tue, 10 Mar 2026 11:00:00 +0000|2026-03-10T11:00:00Z",
        "Tue, 10 Mar 2026 11:00:00 -0500|2026-03-10T16:00:00Z",
        "10 Mar 2026 11:00|2026-03-10T11:00:00Z",
        "Mar 10 2026 11:00|2026-03-10T11:00:00Z",
        "March 10, 2026|2026-03-10T00:00:00Z",
        "Tue Mar 10 11:00:00 2026|2026-03-10T11:00:00Z",
        "2026-03-10|2026-03-10T00:00:00Z",
        "3/10/2026|2026-10-03T00:00:00Z",
        "2026-02-30 10:00:00|2026-03-02T10:00:00Z",
        "2026-02-30|2026-03-02T00:00:00Z",
        "2026-03-10 24:00:00|2026-03-11T00:00:00Z",
        "2026-03-10 11:00:60|2026-03-10T11:01:00Z",
        "2026-03-10 11:00 pm|2026-03-10T23:00:00Z",
    })
    void datesInTheUsualOrdersAreUtcUnlessTheySayOtherwise(String text, Instant meant) {
        assertThat(Timestamps.read(text, NOW)).isEqualTo(meant.getEpochSecond());
    }

    @ParameterizedTest
    @CsvSource({
        "1773144000,1773144000", "0,0", "' 12 ',12", "1_000,1000", "+5,5", "-5,-5", "0x10,16", "0b11,3", "017,15", "0o17,15",
        "20260310,20260310", "1773144000000,1773144000000",
    })
    void integersAreUnixSecondsHoweverTheyAreWritten(String text, long second) {
        assertThat(Timestamps.read(text, NOW)).isEqualTo(second);
    }

    @Test
    void integersBeyondAllMeasureAreFarAwayButNoOverflow() {
        assertThat(Timestamps.read("9".repeat(60), NOW)).isGreaterThan(NOW + 3_600).isPositive();
        assertThat(Timestamps.read("9".repeat(600), NOW)).isGreaterThan(NOW + 3_600).isPositive();
        assertThat(Timestamps.read("-" + "9".repeat(60), NOW)).isNegative();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "now", "yesterday", "11:00", "2026-13-01 10:00:00", "2026-00-01", "2026-03-32", "2026-03-10 25:00:00",
        "2026-03-10 11:61:00", "1773144000.5", "08", "1__0", "0x", "2026-03", "--", "10 Foo 2026", "é",
    })
    void whatCannotBeReadIsTold(String text) {
        assertThat(Timestamps.read(text, NOW)).isEqualTo(Timestamps.UNREADABLE);
    }

    @Test
    void nothingIsNow() {
        assertThat(Timestamps.read(null, NOW)).isEqualTo(NOW);
        assertThat(Timestamps.read("", NOW)).isEqualTo(NOW);
        assertThat(Timestamps.read(" ", NOW)).isEqualTo(NOW);
    }

    @Test
    void longTextsCostNothing() {
        String text = "1_".repeat(500_000);
        long start = System.nanoTime();
        for (int i = 0; i < 1_000; i++) {
            assertThat(Timestamps.read(text, NOW)).isEqualTo(Timestamps.UNREADABLE);
        }
        assertThat((System.nanoTime() - start) / 1_000_000).isLessThan(1_000);
    }
}
