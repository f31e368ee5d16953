package io.tollkeeper.core.flight;

import java.math.BigInteger;
import java.util.HashSet;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RequestIdTest {

    private static final String DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    @Test
    void textIsTheNumberInCrockfordsBase32AndIsReadBack() {
        Random random = new Random(5);
        for (int i = 0; i < 10_000; i++) {
            RequestId id = new RequestId(random.nextLong(), random.nextLong());
            assertThat(id.toString()).isEqualTo(slowText(id));
            assertThat(RequestId.parse(id.toString())).isEqualTo(id);
            assertThat(RequestId.parse(id.toString().toLowerCase(Locale.ROOT))).isEqualTo(id);
        }
    }

    @Test
    void whatIsNoIdIsNotRead() {
        assertThat(RequestId.parse("")).isNull();
        assertThat(RequestId.parse("81ARZ3NDEKTSV4RRFFQ69G5FAV")).isNull();
        assertThat(RequestId.parse("01ARZ3NDEKTSV4RRFFQ69G5FA")).isNull();
        assertThat(RequestId.parse("01ARZ3NDEKTSV4RRFFQ69G5FA!")).isNull();
        assertThat(RequestId.parse("01ARZ3NDEKTSV4RRFFQ69G5FAV")).isNotNull();
    }

    @Test
    void idsAscendWithinALoopEvenWhenTheClockStandsOrGoesBack() {
        RequestIds ids = new RequestIds(42);
        String last = "";
        long[] clock = {1_795_176_000_000L, 1_795_176_000_000L, 1_795_175_999_000L, 1_795_176_000_001L};
        for (int i = 0; i < 20_000; i++) {
            ids.next(clock[i % clock.length]);
            String text = RequestId.text(ids.high(), ids.low());
            assertThat(text).isGreaterThan(last);
            last = text;
        }
        assertThat(new RequestId(ids.high(), ids.low()).millis()).isEqualTo(1_795_176_000_001L);
    }

    @Test
    void loopsWithDifferentSeedsDoNotMeet() {
        Set<RequestId> seen = new HashSet<>();
        for (int seed = 0; seed < 64; seed++) {
            RequestIds ids = new RequestIds(seed);
            for (int i = 0; i < 500; i++) {
                ids.next(1_795_176_000_000L);
                assertThat(seen.add(new RequestId(ids.high(), ids.low()))).isTrue();
            }
        }
    }

    private static String slowText(RequestId id) {
        BigInteger value = new BigInteger(Long.toUnsignedString(id.high()))
                .shiftLeft(64)
                .or(new BigInteger(Long.toUnsignedString(id.low())));
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < RequestId.LENGTH; i++) {
            text.insert(0, DIGITS.charAt(value.intValue() & 31));
            value = value.shiftRight(5);
        }
        return text.toString();
    }
}
