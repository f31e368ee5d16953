package io.tollkeeper.core.event;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AlertBinsTest {

    @Test
    void onlyNinePercentagesAreBins() {
        assertThat(AlertBins.values(0b1_1111_1111)).containsExactly(0, 50, 80, 90, 100, 120, 150, 200, 300);
        assertThat(AlertBins.indexOf(55)).isEqualTo(AlertBins.NONE);
        assertThat(AlertBins.mask(55)).isZero();
        assertThat(AlertBins.mask(-1)).isZero();
    }

    @Test
    void aSetOfBinsIsAMaskAndBack() {
        int mask = AlertBins.mask(90) | AlertBins.mask(0) | AlertBins.mask(300);
        assertThat(AlertBins.values(mask)).isEqualTo(List.of(0, 90, 300));
        assertThat(AlertBins.percent(AlertBins.highest(mask))).isEqualTo(300);
        assertThat(AlertBins.highest(0)).isEqualTo(AlertBins.NONE);
    }

    @Test
    void aBinIsReachedExactlyAtItsPercentage() {
        int all = 0b1_1111_1111;
        assertThat(percent(all, 0.0)).isZero();
        assertThat(percent(all, 499 / 1000.0)).isZero();
        assertThat(percent(all, 1 / 2.0)).isEqualTo(50);
        for (long max : new long[] {10, 30, 70, 110, 10_000_000_070L}) {
            for (int percent : new int[] {80, 90, 120, 150, 200, 300}) {
                long value = max * percent / 100; // whole for all of these
                assertThat(percent(all, value / (double) max)).as(percent + " % of " + max).isEqualTo(percent);
            }
        }
        assertThat(percent(all, 1e9)).isEqualTo(300);
        assertThat(percent(AlertBins.mask(50) | AlertBins.mask(90), 1.01)).isEqualTo(90);
        assertThat(AlertBins.reached(AlertBins.mask(50), 0.4)).isEqualTo(AlertBins.NONE);
    }

    private static int percent(int mask, double ratio) {
        return AlertBins.percent(AlertBins.reached(mask, ratio));
    }
}
