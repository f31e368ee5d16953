package io.tollkeeper.meter.params;

import java.nio.charset.StandardCharsets;
import java.util.Random;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Whatever is sent is read or refused, in bounded time. The seed is the repetition: a failure can be repeated.
class ParamsFuzzTest {

    private static final String[] PIECES = {
        "a", "b", "usage", "[", "]", "[]", "[a]", "[b]", "[][a]", "=", "&", "&&", "%", "%5B", "%5D", "%FF", "%C3%A4", "%zz", "+",
        " ", ";", "\0", "0", "1", "#", "transactions", "é", "\u00ff", "[[", "]]", "[a][b][c]", "=1", "=&",
    };

    private final Params params = new Params();

    @RepeatedTest(20)
    void nothingThatIsSentBreaksTheParser(RepetitionInfo repetition) {
        var random = new Random(repetition.getCurrentRepetition());
        for (int i = 0; i < 2000; i++) {
            var text = new StringBuilder();
            int pieces = random.nextInt(40);
            for (int k = 0; k < pieces; k++) {
                text.append(PIECES[random.nextInt(PIECES.length)]);
            }
            read(text.toString(), text.toString().getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    @RepeatedTest(5)
    void randomBytesDoNotEither(RepetitionInfo repetition) {
        var random = new Random(1000 + repetition.getCurrentRepetition());
        for (int i = 0; i < 2000; i++) {
            var bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            read(new String(bytes, StandardCharsets.ISO_8859_1), bytes);
        }
    }

    @Test
    void aFormMadeToBeSlowTakesNotLong() {
        String[] slow = {
            "a[b]".repeat(1) + "=1",
            "x[".repeat(1_000_000),
            "[]".repeat(1_000_000) + "=1",
            "a" + "[]".repeat(1_000_000) + "=1",
            "a" + "[b]".repeat(1_000_000) + "=1",
            "a[][b]=1&".repeat(4095) + "a[][c]=2",
            ("a[][" + "b][".repeat(300) + "c]=1&").repeat(2000),
            "%41".repeat(1_000_000),
            "&".repeat(4_000_000),
        };
        long start = System.nanoTime();
        for (String text : slow) {
            params.clear();
            params.form(text.getBytes(StandardCharsets.ISO_8859_1));
            params.isUtf8();
        }
        assertThat((System.nanoTime() - start) / 1_000_000).as("milliseconds").isLessThan(5_000);
    }

    private void read(String query, byte[] form) {
        params.clear();
        boolean good = params.query(query) && params.form(form);
        assertThat(good).isEqualTo(params.fault() == null);
        if (good) {
            boolean valid = params.isUtf8();
            String rendered = params.toString();
            assertThat(rendered.length()).isLessThan(100_000);
            assertThat(valid).isIn(true, false);
        }
    }
}
