package io.tollkeeper.core.usage;

import org.jspecify.annotations.Nullable;

/// The binary form of a journal row: [Writer] makes it, [Reader] walks through it. Both are reusable and belong to one
/// thread; neither allocates per entry.
///
/// ```
/// version        1 byte, 1
/// product        varint, Product.number()
/// at             varint, second of the decision
/// batch          varint length + UTF-8, length 0 = none
/// groups, until the end of the body:
///   application  varint, Application.number()
///   stamp        zigzag varint, second counted at, relative to `at`
///   entries      varint count, then each
///     key        varint, CounterKey << 1 | 1 if seven differences follow
///     amount     zigzag varint, or seven of them in the order of Period
/// ```
public final class JournalBody {

    static final byte VERSION = 1;

    private JournalBody() {}

    /// Puts rows together.
    public static final class Writer {

        /// Begins a row.
        public void begin(int product, long at, @Nullable String batchId) {
            throw new IllegalStateException("being built: " + product + at + batchId);
        }

        /// Begins the entries of one application at one stamp.
        public void group(long application, long stamp) {
            throw new IllegalStateException("being built: " + application + stamp);
        }

        public void amount(int key, long amount) {
            throw new IllegalStateException("being built: " + key + amount);
        }

        /// Seven differences, index = ordinal of the period.
        public void differences(int key, long[] differences) {
            throw new IllegalStateException("being built: " + key + differences.length);
        }

        /// Whether anything was written since [#begin].
        public boolean isEmpty() {
            return true;
        }

        /// The row, as an array of exactly its length.
        public byte[] end() {
            throw new IllegalStateException("being built");
        }
    }

    /// Walks through a row: `reset(body); while (next()) …`.
    public static final class Reader {

        /// Starts with the row's head. A body that is not well formed is an [IllegalArgumentException], as from all
        /// methods here: it means that the journal's file is damaged.
        public void reset(byte[] body) {
            throw new IllegalStateException("being built: " + body.length);
        }

        /// Goes to the next entry; false at the end.
        public boolean next() {
            return false;
        }

        public int product() {
            return 0;
        }

        /// Second of the decision.
        public long at() {
            return 0;
        }

        public @Nullable String batchId() {
            return null;
        }

        public long application() {
            return 0;
        }

        /// Second counted at.
        public long stamp() {
            return 0;
        }

        public int key() {
            return 0;
        }

        /// Whether the entry has one amount for all periods; otherwise [#differences] holds one per period.
        public boolean isAmount() {
            return true;
        }

        public long amount() {
            return 0;
        }

        /// Seven differences, index = ordinal of the period; overwritten by the next entry.
        public long[] differences() {
            return new long[Period.COUNT];
        }
    }
}
