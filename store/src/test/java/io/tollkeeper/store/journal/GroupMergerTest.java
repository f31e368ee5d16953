package io.tollkeeper.store.journal;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.JournalRow;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

final class GroupMergerTest {

    private static final int SIZE = 4_096;

    private final GroupMerger merger = new GroupMerger(SIZE);
    private final List<JournalRow> group = new ArrayList<>();

    @Test
    void inProcessRowsOfAnApplicationBecomeOneUnderTheHighestSequence() {
        queue(JournalRow.mergeable(body(1, 7, 120, 3, 1)));
        queue(JournalRow.mergeable(body(1, 8, 120, 3, 1)));
        queue(JournalRow.mergeable(body(1, 7, 179, 3, 2, 4, 5)));
        merge();
        assertThat(written()).containsExactly("1: app 8 at 120: 3=1", "2: app 7 at 120: 3=3 4=5");
    }

    @Test
    void minutesAndProductsAreKeptApart() {
        queue(JournalRow.mergeable(body(1, 7, 120, 3, 1)));
        queue(JournalRow.mergeable(body(1, 7, 180, 3, 1)));
        queue(JournalRow.mergeable(body(2, 7, 120, 3, 1)));
        merge();
        assertThat(merger.count()).isEqualTo(3);
    }

    @Test
    void callsAreWrittenAsTheyAre() {
        JournalRow call = JournalRow.call(body(1, 7, 120, 3, 1), CountedApplications.waiter(_ -> {}));
        queue(call);
        queue(JournalRow.mergeable(body(1, 7, 120, 3, 1)));
        queue(JournalRow.mergeable(body(1, 7, 120, 3, 1)));
        merge();
        assertThat(merger.count()).isEqualTo(2);
        assertThat(merger.body(0)).isSameAs(call.body());
        assertThat(written()).containsExactly("0: app 7 at 120: 3=1", "2: app 7 at 120: 3=2");
    }

    @Test
    void aMarkClosesTheSumsOfItsApplicationOnly() {
        queue(JournalRow.mergeable(body(1, 7, 120, 3, 1)));
        queue(JournalRow.mergeable(body(1, 8, 120, 3, 1)));
        queue(JournalRow.copied(7));
        queue(JournalRow.mergeable(body(1, 7, 120, 3, 1)));
        queue(JournalRow.mergeable(body(1, 8, 120, 3, 1)));
        queue(JournalRow.mergeable(body(1, 7, 120, 3, 1)));
        merge();
        assertThat(written())
                .containsExactly("0: app 7 at 120: 3=1", "4: app 8 at 120: 3=2", "5: app 7 at 120: 3=2");
    }

    @Test
    void rowsLeftOutAreNotWritten() {
        queue(JournalRow.call(body(1, 7, 120, 3, 1), CountedApplications.waiter(_ -> {})));
        queue(JournalRow.call(body(1, 7, 120, 3, 2), CountedApplications.waiter(_ -> {})));
        boolean[] left = new boolean[SIZE];
        left[0] = true;
        merger.merge(group.toArray(JournalRow[]::new), group.size(), left);
        assertThat(written()).containsExactly("1: app 7 at 120: 3=2");
    }

    @Test
    void randomGroupsKeepEverySumOnBothSidesOfEveryMark() {
        Random random = new Random(42);
        for (int round = 0; round < 50; round++) {
            group.clear();
            for (int i = 0; i < 500; i++) {
                if (random.nextInt(20) == 0) {
                    queue(JournalRow.copied(random.nextInt(5)));
                } else {
                    queue(JournalRow.mergeable(
                            body(1, random.nextInt(5), 60L * random.nextInt(3), random.nextInt(3), random.nextInt(9))));
                }
            }
            merge();
            for (JournalRow mark : group) {
                if (mark.kind() == JournalRow.Kind.MARK) {
                    long app = mark.markedApplication();
                    long expected = 0;
                    for (JournalRow row : group) {
                        if (row.kind() != JournalRow.Kind.MARK && row.seq() > mark.seq()) {
                            expected += sum(row.body(), app);
                        }
                    }
                    long actual = 0;
                    for (int i = 0; i < merger.count(); i++) {
                        if (merger.seq(i) > mark.seq()) {
                            actual += sum(merger.body(i), app);
                        }
                    }
                    assertThat(actual).isEqualTo(expected);
                }
            }
        }
    }

    private void queue(JournalRow row) {
        row.seq(group.size());
        group.add(row);
    }

    private void merge() {
        merger.merge(group.toArray(JournalRow[]::new), group.size(), new boolean[SIZE]);
    }

    private List<String> written() {
        List<String> rows = new ArrayList<>();
        JournalBody.Reader reader = new JournalBody.Reader();
        for (int i = 0; i < merger.count(); i++) {
            reader.reset(merger.body(i));
            StringBuilder text = new StringBuilder();
            while (reader.next()) {
                if (text.isEmpty()) {
                    text.append(merger.seq(i))
                            .append(": app ")
                            .append(reader.application())
                            .append(" at ")
                            .append(reader.stamp() / 60 * 60)
                            .append(":");
                }
                text.append(" ").append(reader.key()).append("=").append(reader.amount());
            }
            rows.add(text.toString());
        }
        return rows;
    }

    private static long sum(byte[] body, long application) {
        JournalBody.Reader reader = new JournalBody.Reader();
        reader.reset(body);
        long sum = 0;
        while (reader.next()) {
            sum += reader.application() == application ? reader.amount() : 0;
        }
        return sum;
    }

    private static byte[] body(int product, long application, long stamp, long... keysAndAmounts) {
        JournalBody.Writer writer = new JournalBody.Writer();
        writer.begin(product, stamp, null);
        writer.group(application, stamp);
        for (int i = 0; i < keysAndAmounts.length; i += 2) {
            writer.amount((int) keysAndAmounts[i], keysAndAmounts[i + 1]);
        }
        return writer.end();
    }
}
