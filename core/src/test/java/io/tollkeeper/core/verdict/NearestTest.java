package io.tollkeeper.core.verdict;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class NearestTest {
    private static final List<String> KNOWN = List.of("connect-timeout", "idle-timeout", "hits", "max-age");

    @Test void aLeftOutLetterIsFound() {
        assertThat(Nearest.to("conect-timeout", KNOWN)).isEqualTo("connect-timeout");
    }

    @Test void twoSwappedLettersAreOneMistake() {
        assertThat(Nearest.distance("hist", "hits")).isEqualTo(1);
    }

    @Test void underscoresAndCapitalsAreNoDifference() {
        assertThat(Nearest.to("Connect_Timeout", KNOWN)).isEqualTo("connect-timeout");
    }

    @Test void somethingElseAltogetherHasNoNearest() {
        assertThat(Nearest.to("colour", KNOWN)).isNull();
        assertThat(Nearest.hint("colour", KNOWN)).isEqualTo(" (known: connect-timeout, idle-timeout, hits, max-age)");
    }
}
