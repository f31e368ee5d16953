package io.tollkeeper.store.journal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.JournalRow;
import org.jspecify.annotations.Nullable;

/// Turns a group taken from the queue into the rows to write: calls as they are, in-process rows summed per product,
/// application and minute of the stamp, each sum under the highest sequence in it. Belongs to the writer; reused.
///
/// No sum lies across the mark of a snapshot of its application: the snapshot includes what is before the mark and
/// nothing behind it, so replay must be able to take one and leave the other.
final class GroupMerger {

    private static final int SECONDS_PER_MINUTE = 60;

    /// What the rows of one application at one minute add up to.
    private static final class Sum {
        int product;
        long application;
        long minute;
        long at;
        int rows;
        int lastIndex;
        int size;
        int[] keys = new int[8];
        long[] amounts = new long[8];
        @Nullable Sum next;

        void add(int key, long amount) {
            for (int i = 0; i < size; i++) {
                if (keys[i] == key) {
                    amounts[i] += amount;
                    return;
                }
            }
            if (size == keys.length) {
                keys = Arrays.copyOf(keys, size * 2);
                amounts = Arrays.copyOf(amounts, size * 2);
            }
            keys[size] = key;
            amounts[size++] = amount;
        }
    }

    private final JournalBody.Reader reader = new JournalBody.Reader();
    private final JournalBody.Writer writer = new JournalBody.Writer();

    /// Open sums by application: chains in a table of twice as many heads as a group has rows.
    private final @Nullable Sum[] heads;

    private final @Nullable Sum[] sumOfRow;
    private final List<Sum> pool = new ArrayList<>();
    private int used;

    private final long[] seqs;
    private final byte[][] bodies;
    private int count;
    private long at;

    GroupMerger(int groupSize) {
        heads = new Sum[Integer.highestOneBit(groupSize * 4 - 1)];
        sumOfRow = new Sum[groupSize];
        seqs = new long[groupSize];
        bodies = new byte[groupSize][];
    }

    /// Reads the first `size` rows of a group; afterwards [#count], [#seq], [#body] and [#at] tell what to write.
    /// Rows for which `left` is true are left out.
    void merge(JournalRow[] group, int size, boolean[] left) {
        count = 0;
        at = 0;
        used = 0;
        boolean sums = false;
        for (int i = 0; i < size; i++) {
            JournalRow row = group[i];
            sumOfRow[i] = null;
            switch (row.kind()) {
                case CALL -> {}
                case MERGEABLE -> {
                    if (!sums) {
                        Arrays.fill(heads, null);
                        sums = true;
                    }
                    sumUp(row.body(), i);
                }
                case MARK -> {
                    if (sums && row.markedApplication() >= 0) {
                        close(row.markedApplication());
                    }
                }
            }
        }
        for (int i = 0; i < size; i++) {
            JournalRow row = group[i];
            if (row.kind() == JournalRow.Kind.MARK || left[i]) {
                continue;
            }
            Sum sum = sumOfRow[i];
            if (sum == null || sum.rows == 1) {
                reader.reset(row.body());
                at = Math.max(at, reader.at());
                emit(row.seq(), row.body());
            } else if (sum.lastIndex == i) {
                at = Math.max(at, sum.at);
                emit(row.seq(), bytes(sum));
            }
        }
    }

    int count() {
        return count;
    }

    long seq(int i) {
        return seqs[i];
    }

    byte[] body(int i) {
        return bodies[i];
    }

    /// Latest second of decision among the rows.
    long at() {
        return at;
    }

    /// Lets go of the bodies, so that a quiet night does not keep the last group alive.
    void clear() {
        Arrays.fill(bodies, 0, count, null);
        count = 0;
    }

    private void emit(long seq, byte[] body) {
        seqs[count] = seq;
        bodies[count++] = body;
    }

    private void sumUp(byte[] body, int index) {
        reader.reset(body);
        if (reader.batchId() != null || !reader.next()) {
            return;
        }
        long application = reader.application();
        long minute = Math.floorDiv(reader.stamp(), SECONDS_PER_MINUTE);
        // Seen to the end before anything is added: a row with differences, or of several applications, stays as it is.
        boolean plain = reader.isAmount();
        while (plain && reader.next()) {
            plain = reader.isAmount()
                    && reader.application() == application
                    && Math.floorDiv(reader.stamp(), SECONDS_PER_MINUTE) == minute;
        }
        if (!plain) {
            return;
        }
        reader.reset(body);
        Sum sum = sum(reader.product(), application, minute);
        while (reader.next()) {
            sum.add(reader.key(), reader.amount());
        }
        sum.at = Math.max(sum.at, reader.at());
        sum.rows++;
        sum.lastIndex = index;
        sumOfRow[index] = sum;
    }

    private Sum sum(int product, long application, long minute) {
        int slot = slot(application);
        for (Sum sum = heads[slot]; sum != null; sum = sum.next) {
            if (sum.application == application && sum.minute == minute && sum.product == product) {
                return sum;
            }
        }
        if (used == pool.size()) {
            pool.add(new Sum());
        }
        Sum sum = pool.get(used++);
        sum.product = product;
        sum.application = application;
        sum.minute = minute;
        sum.at = 0;
        sum.rows = 0;
        sum.size = 0;
        sum.next = heads[slot];
        heads[slot] = sum;
        return sum;
    }

    /// What comes of this application from here on is summed anew.
    private void close(long application) {
        int slot = slot(application);
        Sum kept = null;
        Sum sum = heads[slot];
        while (sum != null) {
            Sum next = sum.next;
            if (sum.application != application) {
                sum.next = kept;
                kept = sum;
            }
            sum = next;
        }
        heads[slot] = kept;
    }

    private int slot(long application) {
        return (int) (application * 0x9E37_79B9_7F4A_7C15L >>> 40) & heads.length - 1;
    }

    private byte[] bytes(Sum sum) {
        writer.begin(sum.product, sum.at, null);
        writer.group(sum.application, sum.minute * SECONDS_PER_MINUTE);
        for (int i = 0; i < sum.size; i++) {
            writer.amount(sum.keys[i], sum.amounts[i]);
        }
        return writer.end();
    }
}
