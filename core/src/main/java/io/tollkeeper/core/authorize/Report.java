package io.tollkeeper.core.authorize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.Usage;
import org.jspecify.annotations.Nullable;

/// A batch of past use, as one HTTP call brought it. Mutable; used by one thread at a time.
public final class Report {

    /// One transaction. Identification and usage as sent; the stamp already read (unreadable = now).
    public static final class Transaction {
        @Nullable String appId;
        @Nullable String userKey;
        long stamp;
        int logCode;
        int codes;
        int[] codeNumbers = NO_CODES;
        long[] codeAmounts = NO_AMOUNTS;
        final Usage usage = new Usage();

        Transaction() {}

        public Transaction appId(@Nullable String id) {
            appId = id;
            return this;
        }

        public Transaction userKey(@Nullable String key) {
            userKey = key;
            return this;
        }

        /// Epoch second to count at.
        public Transaction stamp(long second) {
            stamp = second;
            return this;
        }

        /// 100–999; 0 = none.
        public Transaction logCode(int code) {
            logCode = code;
            return this;
        }

        /// Adds how often a status was answered: for a batch, whose transactions stand for many calls.
        public Transaction code(int number, long amount) {
            if (codes == codeNumbers.length) {
                codeNumbers = Arrays.copyOf(codeNumbers, codes + 4);
                codeAmounts = Arrays.copyOf(codeAmounts, codes + 4);
            }
            codeNumbers[codes] = number;
            codeAmounts[codes++] = amount;
            return this;
        }

        boolean hasCodes() {
            return logCode != 0 || codes > 0;
        }

        public Usage usage() {
            return usage;
        }
    }

    private static final int[] NO_CODES = {};
    private static final long[] NO_AMOUNTS = {};

    final Product product;
    final long now;
    final boolean flatUsage;
    final @Nullable CommitWaiter waiter;
    final @Nullable String batchId;
    final List<Transaction> transactions = new ArrayList<>();
    long journalSequence;

    /// `now` is the process's clock in epoch seconds. `batchId` makes a hand-in idempotent (none for plain reports).
    public Report(
            Product product, long now, boolean flatUsage, @Nullable String batchId, @Nullable CommitWaiter waiter) {
        this.product = product;
        this.now = now;
        this.flatUsage = flatUsage;
        this.batchId = batchId;
        this.waiter = waiter;
    }

    /// Whether it is a batch: handed in by a gateway, summed up, counted once however often it comes.
    public boolean isBatch() {
        return batchId != null;
    }

    /// The same without the transactions that are wrong. A batch counts what can be counted: its calls were let in, and
    /// an application deleted since must not take the others' with it.
    public Report without(List<ReportOutcome.Fault> faults) {
        Report rest = new Report(product, now, flatUsage, batchId, waiter);
        for (int i = 0; i < transactions.size(); i++) {
            int index = i;
            if (faults.stream().noneMatch(fault -> fault.index() == index)) {
                rest.transactions.add(transactions.get(i));
            }
        }
        return rest;
    }

    /// Adds a transaction, to be filled; its stamp is now until set.
    public Transaction add() {
        Transaction transaction = new Transaction();
        transaction.stamp = now;
        transactions.add(transaction);
        return transaction;
    }

    public Product product() {
        return product;
    }

    /// Sequence of the journal's row, once it was counted.
    public long journalSequence() {
        return journalSequence;
    }

    /// How many transactions there are but for those that use literally 0 of everything.
    public int used() {
        int used = 0;
        for (Transaction transaction : transactions) {
            used += transaction.usage.present() && transaction.usage.onlyLiteralZero() ? 0 : 1;
        }
        return used;
    }

    public int size() {
        return transactions.size();
    }
}
