package io.tollkeeper.core.query;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

import io.tollkeeper.core.authorize.Applications;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.KnownApplication;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.KeyRange;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.ProductTotals;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.SlotRange;
import io.tollkeeper.core.usage.StoredSeries;
import io.tollkeeper.core.usage.UsageCounters;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageStore;
import org.jspecify.annotations.Nullable;

/// Answers questions for usage in the process that counts, put together from memory and the store. Blocks; on virtual
/// threads.
///
/// Every read goes the same way: look whether the owner is in memory, read the store (snapshot and closed slots in one
/// transaction), then put memory's part over it under the owner's lock. If a snapshot was written in between, the two
/// do not fit together and it starts over.
public final class LocalUsage implements UsageQueries {

    private static final long PATIENCE_SECONDS = 10;
    private static final long ROOM_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int PAGE = 10_000;

    private final Applications applications;
    private final ProductTotals totals;
    private final UsageStore store;
    private final UsageJournal journal;
    private final CatalogStore catalog;
    private final InstantSource clock;

    public LocalUsage(
            Applications applications,
            ProductTotals totals,
            UsageStore store,
            UsageJournal journal,
            CatalogStore catalog,
            InstantSource clock) {
        this.applications = applications;
        this.totals = totals;
        this.store = store;
        this.journal = journal;
        this.catalog = catalog;
        this.clock = clock;
    }

    /// Second of the clock by which is counted.
    public long now() {
        return Math.floorDiv(clock.millis(), 1_000);
    }

    /// Waits until everything that was answered before this call is in what can be read (design, 9.9). While the
    /// journal cannot be written there is nothing to wait for.
    public void barrier() {
        var passed = new CompletableFuture<Boolean>();
        var row = JournalRow.barrier(CommitWaiter.completing(passed));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (journal.append(row) == UsageJournal.FULL) {
            if (System.nanoTime() - end >= 0) {
                throw notPassed(null);
            }
            // The queue is full, so its writer is busy: there is room after its next group.
            LockSupport.parkNanos(this, ROOM_NANOS);
        }
        if (row.seq() < 0) {
            return;
        }
        try {
            passed.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            throw notPassed(e);
        }
    }

    private static IllegalStateException notPassed(@Nullable Exception cause) {
        return new IllegalStateException("the journal did not pass a barrier within " + PATIENCE_SECONDS + " s", cause);
    }

    // ---- single counters

    @Override
    public long counter(UsageOwner owner, int key, Period period, long at) {
        barrier();
        return value(owner, new Slot(key, period, period.start(at)));
    }

    /// Value of a slot, without waiting for what is under way.
    public long value(UsageOwner owner, Slot slot) {
        Read read = read(owner, SlotRange.of(slot), 1);
        return read.values.getOrDefault(slot, 0L);
    }

    // ---- series

    @Override
    public UsageAnswer series(UsageOwner owner, KeyRange keys, UsageSpan span) {
        if (owner instanceof UsageOwner.OfProduct && span.period() == Period.YEAR) {
            return years(owner, keys, span);
        }
        barrier();
        SlotRange range = new SlotRange(keys, span.period(), span.since(), span.until());
        Read read = read(owner, range, MOST_VALUES);
        if (!read.complete) {
            return new UsageAnswer.TooMuch(MOST_VALUES);
        }
        Map<Integer, long[]> series = new TreeMap<>();
        if (keys.isOne()) {
            series.put(keys.from(), new long[span.size()]);
        }
        for (Map.Entry<Slot, Long> entry : read.values.entrySet()) {
            int at = entry.getValue() == 0 ? -1 : span.indexOf(entry.getKey().start());
            if (at >= 0) {
                series.computeIfAbsent(entry.getKey().key(), _ -> new long[span.size()])[at] = entry.getValue();
                if ((long) series.size() * span.size() > MOST_VALUES) {
                    return new UsageAnswer.TooMuch(MOST_VALUES);
                }
            }
        }
        return table(span, series);
    }

    private static UsageAnswer table(UsageSpan span, Map<Integer, long[]> series) {
        List<UsageSeries> all = new ArrayList<>();
        series.forEach((key, values) -> all.add(new UsageSeries(key, values)));
        return new UsageAnswer.Table(span, all);
    }

    /// Products have no counter per year: the sum of its months.
    private UsageAnswer years(UsageOwner owner, KeyRange keys, UsageSpan span) {
        if (UsageSpan.fault(Period.MONTH, span.since(), span.until()) != null) {
            return new UsageAnswer.TooMuch(UsageSpan.MOST);
        }
        UsageSpan months = UsageSpan.of(Period.MONTH, span.since(), span.until());
        if (!(series(owner, keys, months) instanceof UsageAnswer.Table table)) {
            return new UsageAnswer.TooMuch(MOST_VALUES);
        }
        Map<Integer, long[]> series = new TreeMap<>();
        for (UsageSeries ofMonths : table.series()) {
            long[] years = new long[span.size()];
            for (int i = 0; i < months.size(); i++) {
                int at = span.indexOf(Period.YEAR.start(months.starts()[i]));
                years[at] = new UsageSeries(0, new long[] {years[at], ofMonths.values()[i]}).total();
            }
            series.put(ofMonths.key(), years);
        }
        return table(span, series);
    }

    // ---- the largest consumers

    @Override
    public List<TopApplication> top(String productId, int key, Period period, long at, int most) {
        barrier();
        Slot slot = new Slot(key, period, period.start(at));
        Comparator<TopApplication> bySize = Comparator.comparingLong(TopApplication::value)
                .thenComparing(Comparator.comparing(TopApplication::id).reversed());
        var largest = new PriorityQueue<TopApplication>(bySize);
        List<KnownApplication> page = catalog.knownApplications(productId, null, PAGE);
        boolean all = page.size() < PAGE;
        if (!all) {
            // Many: in the order of the file, else every page of ids reads all of it.
            page = catalog.knownApplicationsByNumber(productId, -1, PAGE);
        }
        while (!page.isEmpty()) {
            Map<Long, Long> values = values(page, slot);
            for (KnownApplication application : page) {
                long value = values.getOrDefault(application.number(), 0L);
                if (value > 0) {
                    largest.add(new TopApplication(
                            application.number(), application.id(), application.present(), value));
                    if (largest.size() > most) {
                        largest.remove();
                    }
                }
            }
            page = all ? List.of() : catalog.knownApplicationsByNumber(productId, page.getLast().number(), PAGE);
        }
        List<TopApplication> ordered = new ArrayList<>(largest);
        ordered.sort(bySize.reversed());
        return ordered;
    }

    /// Values of one slot of many applications, by number: in one read of the store, in the order of the file.
    private Map<Long, Long> values(List<KnownApplication> page, Slot slot) {
        SlotRange range = SlotRange.of(slot);
        long now = now();
        List<Long> numbers = page.stream().map(KnownApplication::number).sorted().toList();
        List<Boolean> resident = numbers.stream().map(applications::isResident).toList();
        List<StoredSeries> stored = store.loadSlot(numbers, slot);
        Map<Long, Long> values = new HashMap<>();
        for (int i = 0; i < numbers.size(); i++) {
            long number = numbers.get(i);
            Map<Slot, Long> found = resident.get(i)
                    ? applications.values(number, stored.get(i), range, now)
                    : UsageCounters.values(UsageCounters.APPLICATION_PERIODS, stored.get(i), range, now);
            if (found == null) {
                found = ofApplication(number, range, 1).values;
            }
            values.put(number, found.getOrDefault(slot, 0L));
        }
        return values;
    }

    // ---- memory and store together

    private record Read(Map<Slot, Long> values, boolean complete) {}

    private Read read(UsageOwner owner, SlotRange range, int most) {
        return switch (owner) {
            case UsageOwner.OfProduct(var number) -> ofProduct(number, range, most);
            case UsageOwner.OfApplication(var number) -> ofApplication(number, range, most);
        };
    }

    private Read ofApplication(long number, SlotRange range, int most) {
        while (true) {
            boolean resident = applications.isResident(number);
            StoredSeries stored = store.loadSeries(number, range, most);
            Map<Slot, Long> values = resident
                    ? applications.values(number, stored, range, now())
                    : UsageCounters.values(UsageCounters.APPLICATION_PERIODS, stored, range, now());
            if (values != null) {
                return new Read(values, stored.complete());
            }
        }
    }

    private Read ofProduct(int number, SlotRange range, int most) {
        while (true) {
            StoredSeries stored = store.loadTotalSeries(number, range, most);
            Map<Slot, Long> values = totals.values(number, stored.past(), range, now());
            if (values != null) {
                return new Read(values, stored.complete());
            }
        }
    }
}
