package io.tollkeeper.core.authorize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogCommit;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.event.NoticeState;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.JournalFailure;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.PastDelta;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.SlotRange;
import io.tollkeeper.core.usage.StoredPast;
import io.tollkeeper.core.usage.StoredSeries;
import io.tollkeeper.core.usage.UsageCounters;
import io.tollkeeper.core.usage.UsageJournal;
import io.tollkeeper.core.usage.UsageSnapshot;
import org.jspecify.annotations.Nullable;

/// The applications in memory: definition and usage, two separate things under one lock per application. Lookups and
/// loads are called from event loops and never block; snapshots, undo and replay from the store's threads.
///
/// Two kinds of locks, always taken in this order: `changing` (who is in memory, which loads are under way), then
/// applications' own in ascending order of their numbers. The road of a request takes only the latter.
///
/// Why an old definition never comes back: a change is applied here after it was committed. A load that began before
/// sees the change arrive (its flight collects them) and is repeated if it is concerned; a load that begins afterwards
/// reads what was committed.
public final class Applications implements JournalFailure {

    /// Ids and keys known not to exist; when there are more, all are forgotten.
    static final int MAX_ABSENT = 100_000;

    /// A second and an index in one number, to be sorted.
    private static final int INDEX_BITS = 28;

    private static final long INDEX_MASK = (1L << INDEX_BITS) - 1;

    private final Loader loader;
    private final ConcurrentHashMap<String, Members> products = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Long, ResidentApplication> byNumber = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<ResidentApplication> dirty = new ConcurrentLinkedQueue<>();
    private final AtomicInteger dirtyCount = new AtomicInteger();
    private final AtomicInteger absentCount = new AtomicInteger();
    private final AtomicLong weight = new AtomicLong();

    private final ReentrantLock changing = new ReentrantLock();

    /// Guarded by `changing`.
    private final Map<LoadKey, Flight> flights = new HashMap<>();

    public Applications(Loader loader) {
        this.loader = loader;
    }

    // ---- lookup

    Members members(String productId) {
        Members members = products.get(productId);
        return members != null ? members : products.computeIfAbsent(productId, _ -> new Members());
    }

    /// The application of that number, if it is in memory.
    @Nullable ResidentApplication resident(long application) {
        return byNumber.get(application);
    }

    public boolean isResident(long application) {
        return byNumber.containsKey(application);
    }

    /// How many applications are in memory.
    public int resident() {
        return byNumber.size();
    }

    /// About how many bytes of heap the applications in memory take.
    public long weight() {
        return weight.get();
    }

    /// How many applications changed since their last copy.
    public int dirty() {
        return dirtyCount.get();
    }

    /// Value of one slot of a resident application at `now`, put together with what the store holds of it (none:
    /// nothing was read, which is right for slots that are not closed). 0 if the application is not resident.
    public long value(long application, Slot slot, long now, @Nullable StoredPast past) {
        StoredPast stored = past == null ? new StoredPast(application, 0, Map.of()) : past;
        ResidentApplication resident = byNumber.get(application);
        if (resident == null) {
            return stored.values().getOrDefault(slot, 0L);
        }
        resident.lock.lock();
        try {
            return resident.counters.value(slot, now, stored);
        } finally {
            resident.lock.unlock();
        }
    }

    /// The values of a range of slots at `now`, put together with what the store holds of them. None if they have to be
    /// read again, because a snapshot was written, or the application left memory, after `stored` was read. Of an
    /// application that was not resident before `stored` was read, the store holds everything.
    public @Nullable Map<Slot, Long> values(long application, StoredSeries stored, SlotRange range, long now) {
        StoredPast past = stored.past();
        ResidentApplication resident = byNumber.get(application);
        if (resident == null) {
            return null;
        }
        Map<Slot, Long> values = new HashMap<>(past.values());
        resident.lock.lock();
        try {
            if (resident.evicted || resident.snapshotSeq > past.seq()) {
                return null;
            }
            resident.counters.overlay(range, now, past, values);
            return values;
        } finally {
            resident.lock.unlock();
        }
    }

    // ---- loading

    /// One load under way, and what changed in its product since it began. Guarded by `changing`.
    private static final class Flight {
        final LoadKey key;
        final List<LoadWaiter> waiters = new ArrayList<>(2);
        final List<CatalogChange> changes = new ArrayList<>(0);

        /// Applications that left memory since: if the load brings one of them, its usage may be older than that.
        final Set<Long> left = new HashSet<>(0);

        Flight(LoadKey key) {
            this.key = key;
        }
    }

    /// Loads what a decision missed. One load per key is under way at a time; `waiter` is told on its own loop. False
    /// if the loader's queue is full (`M-OVERLOAD`).
    public boolean load(LoadKey key, LoadWaiter waiter) {
        Flight flight;
        changing.lock();
        try {
            Flight underWay = flights.get(key);
            if (underWay != null) {
                underWay.waiters.add(waiter);
                return true;
            }
            flight = new Flight(key);
            flights.put(key, flight);
        } finally {
            changing.unlock();
        }
        if (loader.submit(key, found -> complete(flight, found, waiter))) {
            return true;
        }
        land(flight, null);
        tell(flight.waiters, Reason.METER_OVERLOAD);
        return false;
    }

    private void complete(Flight flight, Loaded found, LoadWaiter first) {
        Reason failure = null;
        switch (found) {
            case Loaded.Definition definition -> {
                if (!land(flight, definition)) {
                    if (loader.submit(flight.key, again -> complete(flight, again, first))) {
                        return;
                    }
                    land(flight, null);
                    failure = Reason.METER_OVERLOAD;
                }
            }
            case Loaded.Past(var past) -> {
                land(flight, null);
                if (flight.key instanceof LoadKey.Past(var application, var slots)) {
                    supply(application, slots, past);
                }
            }
            case Loaded.Failed _ -> {
                land(flight, null);
                failure = Reason.STORE_UNREADABLE;
            }
            case Loaded.NoRoom _ -> {
                land(flight, null);
                failure = Reason.METER_OVERLOAD;
            }
        }
        tell(List.of(first), failure);
        tell(flight.waiters, failure);
    }

    /// Ends a flight and takes over what it brought; false if it has to be repeated, because what it read was changed
    /// meanwhile. After the flight ended nobody adds to its waiters any more.
    private boolean land(Flight flight, Loaded.@Nullable Definition found) {
        changing.lock();
        try {
            if (found != null) {
                if (flight.left.contains(numberOf(flight.key, found))
                        || flight.changes.stream().anyMatch(change -> concerns(change, flight.key, found))) {
                    flight.changes.clear();
                    flight.left.clear();
                    return false;
                }
                takeOver(flight.key, found);
            }
            flights.remove(flight.key);
            return true;
        } finally {
            changing.unlock();
        }
    }

    private static long numberOf(LoadKey key, Loaded.Definition found) {
        Application application = found.application();
        return key instanceof LoadKey.ByNumber(var number) ? number : application == null ? -1 : application.number();
    }

    private static void tell(List<LoadWaiter> waiters, @Nullable Reason failure) {
        for (LoadWaiter waiter : waiters) {
            waiter.executor().execute(() -> waiter.loaded(failure));
        }
    }

    private void takeOver(LoadKey key, Loaded.Definition found) {
        Application application = found.application();
        switch (key) {
            case LoadKey.ById(var productId, var id) -> {
                if (application == null) {
                    absent(members(productId).absentIds, id, Boolean.TRUE);
                } else {
                    enter(application, found);
                }
            }
            case LoadKey.ByUserKey(var productId, var userKey) -> {
                if (application == null) {
                    String id = found.applicationId();
                    absent(members(productId).absentKeys, userKey, id == null ? "" : id);
                } else {
                    ResidentApplication resident = enter(application, found);
                    if (members(productId).byUserKey.put(userKey, resident) != resident) {
                        List<String> userKeys = new ArrayList<>(resident.userKeys);
                        userKeys.add(userKey);
                        resident.userKeys = List.copyOf(userKeys);
                    }
                }
            }
            case LoadKey.ByNumber(var number) -> resident(number, found);
            case LoadKey.Past _ -> {
                // brings no definition
            }
        }
    }

    private <V> void absent(Map<String, V> map, String id, V value) {
        if (absentCount.incrementAndGet() > MAX_ABSENT) {
            for (Members members : products.values()) {
                members.absentIds.clear();
                members.absentKeys.clear();
            }
            absentCount.set(1);
        }
        map.put(id, value);
    }

    private ResidentApplication enter(Application application, Loaded.Definition found) {
        ResidentApplication resident = resident(application.number(), found);
        define(resident, application);
        members(application.productId()).byId.put(application.id(), resident);
        return resident;
    }

    /// The resident of this number; usage in memory is newer than any that was loaded.
    private ResidentApplication resident(long number, Loaded.Definition found) {
        ResidentApplication resident = byNumber.get(number);
        if (resident == null) {
            var usage = found.usage();
            NoticeState notices = new NoticeState(found.notices());
            resident = usage == null
                    ? new ResidentApplication(
                            number, new UsageCounters(UsageCounters.APPLICATION_PERIODS), 0, notices)
                    : new ResidentApplication(
                            number,
                            UsageCounters.of(UsageCounters.APPLICATION_PERIODS, usage.slots()),
                            usage.seq(),
                            notices);
            byNumber.put(number, resident);
            resident.lock.lock();
            try {
                weigh(resident);
            } finally {
                resident.lock.unlock();
            }
        }
        return resident;
    }

    private void define(ResidentApplication resident, @Nullable Application definition) {
        resident.lock.lock();
        try {
            resident.definition = definition;
            weigh(resident);
        } finally {
            resident.lock.unlock();
        }
    }

    /// Inside the application's lock. Counters grow while they are in use; they are weighed again with every copy.
    private void weigh(ResidentApplication resident) {
        int now = resident.weigh();
        weight.addAndGet(now - resident.weight);
        resident.weight = now;
    }

    private void supply(long application, List<Slot> slots, StoredPast past) {
        ResidentApplication resident = byNumber.get(application);
        if (resident == null) {
            return; // evicted meanwhile: it will be loaded, and what it misses asked for, anew
        }
        resident.lock.lock();
        try {
            // Read before the last snapshot was written: asked for once more.
            if (past.seq() >= resident.snapshotSeq) {
                resident.counters.supply(past, slots);
            }
        } finally {
            resident.lock.unlock();
        }
    }

    // ---- changes of the catalogue

    /// Takes over committed catalogue changes: swaps definitions under their locks, forgets negative entries and
    /// mappings that are no longer true, marks loads that are under way. Called after [io.tollkeeper.core.catalog.Catalog#apply].
    public void apply(CatalogCommit commit) {
        for (CatalogChange change : commit.changes()) {
            changing.lock();
            try {
                for (Flight flight : flights.values()) {
                    if (productOf(flight.key).equals(change.productId())) {
                        flight.changes.add(change);
                    }
                }
                apply(change);
            } finally {
                changing.unlock();
            }
        }
    }

    private static String productOf(LoadKey key) {
        return switch (key) {
            case LoadKey.ById(var productId, _) -> productId;
            case LoadKey.ByUserKey(var productId, _) -> productId;
            case LoadKey.ByNumber _, LoadKey.Past _ -> "";
        };
    }

    private static boolean concerns(CatalogChange change, LoadKey key, Loaded.Definition found) {
        String userKey = key instanceof LoadKey.ByUserKey(_, var text) ? text : null;
        String id = key instanceof LoadKey.ById(_, var text) ? text : found.applicationId();
        return switch (change) {
            case CatalogChange.ApplicationSaved(var application) -> application.id().equals(id);
            case CatalogChange.ApplicationDeleted(_, var applicationId) -> applicationId.equals(id);
            case CatalogChange.ApplicationKeyAdded(_, var applicationId, _) -> applicationId.equals(id);
            case CatalogChange.ApplicationKeyRemoved(_, var applicationId, _) -> applicationId.equals(id);
            case CatalogChange.ReferrerFilterAdded(_, var applicationId, _) -> applicationId.equals(id);
            case CatalogChange.ReferrerFilterRemoved(_, var applicationId, _) -> applicationId.equals(id);
            case CatalogChange.UserKeySaved(_, var saved, _) -> saved.equals(userKey);
            case CatalogChange.UserKeyDeleted(_, var deleted) -> deleted.equals(userKey);
            default -> false;
        };
    }

    private void apply(CatalogChange change) {
        Members members = members(change.productId());
        switch (change) {
            case CatalogChange.ApplicationSaved(var application) -> {
                members.absentIds.remove(application.id());
                members.absentKeys.values().removeIf(application.id()::equals);
                // It may be in memory though it is not among the members: deleted, and now created again.
                ResidentApplication resident = byNumber.get(application.number());
                if (resident != null) {
                    define(resident, application);
                    members.byId.put(application.id(), resident);
                }
            }
            case CatalogChange.ApplicationDeleted(_, var id) -> {
                ResidentApplication resident = members.byId.remove(id);
                if (resident != null) {
                    define(resident, null);
                    forgetUserKeys(members, resident);
                }
                members.absentKeys.values().removeIf(id::equals);
            }
            case CatalogChange.UserKeySaved(_, var userKey, _) -> forgetUserKey(members, userKey);
            case CatalogChange.UserKeyDeleted(_, var userKey) -> forgetUserKey(members, userKey);
            case CatalogChange.ApplicationKeyAdded(_, var id, var key) ->
                redefine(members, id, application -> {
                    Set<String> keys = new HashSet<>(application.keys());
                    keys.add(key);
                    return application.withKeys(keys);
                });
            case CatalogChange.ApplicationKeyRemoved(_, var id, var key) ->
                redefine(members, id, application -> {
                    Set<String> keys = new HashSet<>(application.keys());
                    keys.remove(key);
                    return application.withKeys(keys);
                });
            case CatalogChange.ReferrerFilterAdded(_, var id, var filter) ->
                redefine(members, id, application -> {
                    List<String> filters = new ArrayList<>(application.referrerFilters());
                    if (!filters.contains(filter)) {
                        filters.add(filter);
                    }
                    return application.withReferrerFilters(filters);
                });
            case CatalogChange.ReferrerFilterRemoved(_, var id, var filter) ->
                redefine(members, id, application -> {
                    List<String> filters = new ArrayList<>(application.referrerFilters());
                    filters.remove(filter);
                    return application.withReferrerFilters(filters);
                });
            default -> {
                // products, metrics, limits and tokens: the Catalog takes those
            }
        }
    }

    private void redefine(Members members, String id, UnaryOperator<Application> change) {
        ResidentApplication resident = members.byId.get(id);
        Application before = resident == null ? null : resident.definition;
        if (resident != null && before != null) {
            define(resident, change.apply(before));
        }
    }

    private static void forgetUserKey(Members members, String userKey) {
        members.absentKeys.remove(userKey);
        ResidentApplication resident = members.byUserKey.remove(userKey);
        if (resident != null) {
            List<String> userKeys = new ArrayList<>(resident.userKeys);
            userKeys.remove(userKey);
            resident.userKeys = List.copyOf(userKeys);
        }
    }

    private static void forgetUserKeys(Members members, ResidentApplication resident) {
        for (String userKey : resident.userKeys) {
            members.byUserKey.remove(userKey, resident);
        }
        resident.userKeys = List.of();
    }

    // ---- start

    /// Makes an application resident before replay; without a definition (deleted) its usage is still kept.
    public void admit(long application, Loaded.Definition found) {
        changing.lock();
        try {
            Application definition = found.application();
            if (definition == null) {
                resident(application, found);
            } else {
                enter(definition, found);
            }
        } finally {
            changing.unlock();
        }
    }

    /// Applies one row of the journal at start: the same code as live. Applications whose snapshot includes the row
    /// are skipped; only they need not be resident ([#admit]).
    public void replay(long seq, byte[] body) {
        JournalBody.Reader row = new JournalBody.Reader();
        row.reset(body);
        while (row.next()) {
            ResidentApplication resident = byNumber.get(row.application());
            if (resident == null) {
                continue;
            }
            resident.lock.lock();
            try {
                if (seq > resident.snapshotSeq) {
                    resident.counters.rollover(row.at());
                    if (row.isAmount()) {
                        resident.counters.add(row.key(), row.stamp(), row.amount());
                    } else {
                        resident.counters.add(row.key(), row.stamp(), row.differences());
                    }
                    counted(resident, seq);
                }
            } finally {
                resident.lock.unlock();
            }
        }
    }

    /// The application of this number, if it is in memory.
    @Nullable ResidentApplication numbered(long application) {
        return byNumber.get(application);
    }

    // ---- journal and snapshots

    /// Notes, under the application's lock, that a row of this sequence is in its counters.
    void counted(ResidentApplication resident, long seq) {
        resident.lastSeq = seq;
        if (!resident.dirty) {
            resident.dirty = true;
            resident.firstSeq = seq;
            dirtyCount.incrementAndGet();
            dirty.add(resident);
        }
    }

    /// Remembers, under the locks of their applications, events whose row the journal has taken.
    void happened(List<Notice> notices) {
        for (int i = 0; i < notices.size(); i++) {
            Notice notice = notices.get(i);
            ResidentApplication resident = byNumber.get(notice.application());
            if (resident != null) {
                resident.notices.happened(notice.event());
            }
        }
    }

    /// Puts the applications that changed in the order of their numbers: the store then finds what it replaces side by
    /// side, and writes each page once.
    public void arrangeDirty() {
        List<ResidentApplication> all = new ArrayList<>();
        for (ResidentApplication next = dirty.poll(); next != null; next = dirty.poll()) {
            all.add(next);
        }
        all.sort(Comparator.comparingLong(resident -> resident.number));
        dirty.addAll(all);
    }

    /// Copies up to `max` applications that changed since their last copy, each under its lock. Each copy takes a mark
    /// in the journal; write the copies when the journal has committed past the highest sequence among them. If the
    /// journal fails before that, give them to [#notWritten].
    public List<UsageSnapshot> copyDirty(UsageJournal journal, int max) {
        List<UsageSnapshot> copies = new ArrayList<>();
        List<ResidentApplication> later = new ArrayList<>();
        while (copies.size() < max) {
            ResidentApplication resident = dirty.poll();
            if (resident == null) {
                break;
            }
            resident.lock.lock();
            try {
                if (resident.copying) {
                    later.add(resident);
                    continue;
                }
                long seq = journal.append(JournalRow.copied(resident.number));
                if (seq < 0) {
                    later.add(resident);
                    break;
                }
                resident.dirty = false;
                resident.copying = true;
                resident.copyingFrom = resident.firstSeq;
                dirtyCount.decrementAndGet();
                List<PastDelta> past = resident.counters.copyPast(seq);
                copies.add(new UsageSnapshot(resident.number, seq, resident.counters.export(), past));
                weigh(resident);
            } finally {
                resident.lock.unlock();
            }
        }
        dirty.addAll(later);
        return copies;
    }

    /// Tells that copies are in the store.
    public void written(List<UsageSnapshot> copies) {
        for (UsageSnapshot copy : copies) {
            ResidentApplication resident = byNumber.get(copy.number());
            if (resident == null) {
                continue;
            }
            resident.lock.lock();
            try {
                resident.copying = false;
                resident.snapshotSeq = copy.seq();
                resident.counters.written();
            } finally {
                resident.lock.unlock();
            }
        }
    }

    /// Tells that copies could not be written: they are dirty again.
    public void notWritten(List<UsageSnapshot> copies) {
        for (UsageSnapshot copy : copies) {
            ResidentApplication resident = byNumber.get(copy.number());
            if (resident == null) {
                continue;
            }
            resident.lock.lock();
            try {
                resident.copying = false;
                resident.counters.notWritten();
                long last = resident.lastSeq;
                counted(resident, copy.seq());
                resident.lastSeq = last;
                resident.firstSeq = resident.copyingFrom;
            } finally {
                resident.lock.unlock();
            }
        }
    }

    /// The lowest sequence of a row that some application's snapshot does not include yet: journal rows from here on
    /// are needed. `next` (the sequence that the next row gets, read before the call) if all are included.
    public long oldestUncovered(long next) {
        long oldest = next;
        for (ResidentApplication resident : byNumber.values()) {
            resident.lock.lock();
            try {
                if (resident.dirty) {
                    oldest = Math.min(oldest, resident.firstSeq);
                }
                if (resident.copying) {
                    oldest = Math.min(oldest, resident.copyingFrom);
                }
            } finally {
                resident.lock.unlock();
            }
        }
        return oldest;
    }

    /// Lets go of applications, least recently used first, until those in memory weigh at most `target` bytes, as far
    /// as their snapshots include everything. Who came in since the last look and was not used yet stays once. Returns
    /// how many left.
    public int evict(long target, long now) {
        if (weight.get() <= target) {
            return 0;
        }
        ResidentApplication[] idle = byNumber.values().toArray(new ResidentApplication[0]);
        long[] order = new long[idle.length];
        int found = 0;
        for (int i = 0; i < idle.length; i++) {
            ResidentApplication resident = idle[i];
            resident.lock.lock();
            try {
                if (resident.lastUsed == 0) {
                    resident.lastUsed = now;
                } else if (!isNeeded(resident)) {
                    order[found++] = resident.lastUsed << INDEX_BITS | i;
                }
            } finally {
                resident.lock.unlock();
            }
        }
        Arrays.sort(order, 0, found);
        int left = 0;
        for (int i = 0; i < found && weight.get() > target; i++) {
            left += evict(idle[(int) (order[i] & INDEX_MASK)]) ? 1 : 0;
        }
        return left;
    }

    private static boolean isNeeded(ResidentApplication resident) {
        return resident.evicted || resident.dirty || resident.copying || resident.lastSeq > resident.snapshotSeq;
    }

    private boolean evict(ResidentApplication resident) {
        changing.lock();
        try {
            resident.lock.lock();
            try {
                if (isNeeded(resident)) {
                    return false;
                }
                resident.evicted = true;
                for (Flight flight : flights.values()) {
                    flight.left.add(resident.number);
                }
                weight.addAndGet(-resident.weight);
                Application definition = resident.definition;
                if (definition != null) {
                    Members members = members(definition.productId());
                    members.byId.remove(definition.id(), resident);
                    forgetUserKeys(members, resident);
                }
                byNumber.remove(resident.number, resident);
                return true;
            } finally {
                resident.lock.unlock();
            }
        } finally {
            changing.unlock();
        }
    }

    // ---- failure of the journal

    /// The applications of the row are resident: none leaves memory before its snapshot includes its last row. They
    /// are dirty afterwards: a copy made before may include what is taken back now.
    @Override
    public void undo(JournalRow row) {
        if (row.kind() == JournalRow.Kind.MARK) {
            return;
        }
        undo(row.body());
        undo(row.notices());
        JournalBody.Reader reader = new JournalBody.Reader();
        reader.reset(row.body());
        while (reader.next()) {
            ResidentApplication resident = byNumber.get(reader.application());
            if (resident != null) {
                resident.lock.lock();
                try {
                    counted(resident, Math.max(resident.lastSeq, row.seq()));
                } finally {
                    resident.lock.unlock();
                }
            }
        }
    }

    private void undo(List<Notice> notices) {
        for (Notice notice : notices) {
            ResidentApplication resident = byNumber.get(notice.application());
            if (resident != null) {
                resident.lock.lock();
                try {
                    resident.notices.undo(notice);
                } finally {
                    resident.lock.unlock();
                }
            }
        }
    }

    /// Adds the negative of a row.
    void undo(byte[] body) {
        JournalBody.Reader row = new JournalBody.Reader();
        row.reset(body);
        while (row.next()) {
            ResidentApplication resident = byNumber.get(row.application());
            if (resident == null) {
                throw new IllegalStateException(
                        "undo: application " + row.application() + " left memory before its row was committed");
            }
            resident.lock.lock();
            try {
                if (row.isAmount()) {
                    resident.counters.add(row.key(), row.stamp(), -row.amount());
                } else {
                    resident.counters.subtract(row.key(), row.stamp(), row.differences());
                }
            } finally {
                resident.lock.unlock();
            }
        }
    }

    @Override
    public void quiesce() {
        for (ResidentApplication resident : byNumber.values()) {
            resident.lock.lock();
            try {
                assert resident.lock.isHeldByCurrentThread();
            } finally {
                resident.lock.unlock();
            }
        }
    }
}
