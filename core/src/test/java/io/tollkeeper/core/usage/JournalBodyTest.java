package io.tollkeeper.core.usage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class JournalBodyTest {

    private final JournalBody.Writer writer = new JournalBody.Writer();
    private final JournalBody.Reader reader = new JournalBody.Reader();

    @Test
    void anOrdinaryCallTakesLessThanTwentyBytes() {
        writer.begin(3, 1_795_200_000L, null);
        writer.group(1_234, 1_795_200_000L);
        writer.amount(0, 1);
        writer.amount(1, 1);
        assertThat(writer.end()).hasSizeLessThan(20);
    }

    @Test
    void whatWasWrittenIsReadBack() {
        Random random = new Random(11);
        for (int round = 0; round < 500; round++) {
            List<String> written = new ArrayList<>();
            long at = random.nextInt();
            String batch = random.nextBoolean() ? "batch-é-" + round : null;
            writer.begin(random.nextInt(100_000), Math.abs(at), batch);
            int groups = 1 + random.nextInt(3);
            for (int group = 0; group < groups; group++) {
                long application = random.nextLong() >>> 1 + random.nextInt(60);
                long stamp = Math.abs(at) + random.nextInt(90_000) - 86_400;
                writer.group(application, stamp);
                int entries = random.nextInt(8) == 0 ? 300 : random.nextInt(4);
                for (int i = 0; i < entries; i++) {
                    int key = random.nextInt(CounterKey.METRICS + 4_000);
                    if (random.nextBoolean()) {
                        long amount = random.nextLong();
                        writer.amount(key, amount);
                        written.add(application + " " + stamp + " " + key + " " + amount);
                    } else {
                        long[] differences = random.longs(Period.COUNT).toArray();
                        writer.differences(key, differences);
                        written.add(application + " " + stamp + " " + key + " " + Arrays.toString(differences));
                    }
                }
            }
            reader.reset(writer.end());
            List<String> read = new ArrayList<>();
            while (reader.next()) {
                read.add(reader.application() + " " + reader.stamp() + " " + reader.key() + " "
                        + (reader.isAmount() ? reader.amount() : Arrays.toString(reader.differences())));
            }
            assertThat(read).isEqualTo(written);
            assertThat(reader.at()).isEqualTo(Math.abs(at));
            assertThat(reader.batchId()).isEqualTo(batch);
        }
    }

    @Test
    void aRowThatWasCutShortIsReportedAsDamaged() {
        writer.begin(3, 1_795_200_000L, "b");
        writer.group(1_234, 1_795_200_000L);
        writer.amount(0, 1_000_000);
        byte[] whole = writer.end();
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            if (length == 9) {
                continue; // the head alone is a row without entries
            }
            assertThatThrownBy(() -> {
                        reader.reset(cut);
                        while (reader.next()) {
                            reader.amount();
                        }
                    })
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("journal row");
        }
    }

    @Test
    void anUnknownVersionIsRefused() {
        assertThatThrownBy(() -> reader.reset(new byte[] {9}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected 1");
    }
}
