package io.tollkeeper.testkit;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class EventuallyTest {

    @Test
    void returnsTheFirstWantedValue() {
        var counter = new AtomicInteger();
        assertThat(Eventually.value("counter", counter::incrementAndGet, n -> n == 3)).isEqualTo(3);
    }

    @Test
    void failsWithTheLastValueSeen() {
        assertThatThrownBy(() -> Eventually.value("answer", Duration.ofMillis(20), () -> 41, n -> n == 42))
                .isInstanceOf(AssertionError.class)
                .hasMessage("answer: not within 20 ms; last seen: 41");
    }

    @Test
    void assertionsMayFailAtFirst() {
        var counter = new AtomicInteger();
        Eventually.passes(() -> assertThat(counter.incrementAndGet()).isEqualTo(4));
        assertThatThrownBy(() -> Eventually.passes(Duration.ofMillis(20), () -> assertThat(1).isEqualTo(2)))
                .isInstanceOf(AssertionError.class);
    }
}
