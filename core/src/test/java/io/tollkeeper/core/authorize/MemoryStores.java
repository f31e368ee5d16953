package io.tollkeeper.core.authorize;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.usage.PastDelta;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.StoredPast;
import io.tollkeeper.core.usage.StoredUsage;
import io.tollkeeper.core.usage.UsageSnapshot;

/// Applications and usage as stores would hold them, behind a loader that answers at once or when told. Thread-safe.
final class MemoryStores implements Loader {

    private record Pending(LoadKey key, Loaded found, Done done) {}

    private final Map<String, Application> applications = new HashMap<>();
    private final Map<String, String> userKeys = new HashMap<>();
    private final Map<Long, StoredUsage> usage = new HashMap<>();
    private final Map<Long, Map<Slot, Long>> past = new HashMap<>();
    private final Queue<Pending> held = new ArrayDeque<>();
    private boolean holding;
    private boolean full;
    private boolean broken;
    private int loads;

    synchronized void put(Application application) {
        applications.put(application.productId() + "/" + application.id(), application);
    }

    synchronized void remove(String productId, String id) {
        applications.remove(productId + "/" + id);
        userKeys.values().removeIf(id::equals);
    }

    synchronized void mapUserKey(String productId, String userKey, String id) {
        userKeys.put(productId + "/" + userKey, id);
    }

    synchronized void write(List<UsageSnapshot> snapshots) {
        for (UsageSnapshot snapshot : snapshots) {
            StoredUsage before = usage.get(snapshot.number());
            if (before != null && before.seq() >= snapshot.seq()) {
                continue;
            }
            usage.put(snapshot.number(), new StoredUsage(snapshot.number(), snapshot.seq(), snapshot.slots()));
            Map<Slot, Long> closed = past.computeIfAbsent(snapshot.number(), _ -> new HashMap<>());
            for (PastDelta delta : snapshot.past()) {
                closed.merge(new Slot(delta.key(), delta.period(), delta.start()), delta.amount(), Long::sum);
            }
        }
    }

    synchronized Loaded find(LoadKey key) {
        if (broken) {
            return new Loaded.Failed("the disk is gone");
        }
        return switch (key) {
            case LoadKey.ById(var productId, var id) -> definition(productId, id);
            case LoadKey.ByUserKey(var productId, var userKey) -> {
                String id = userKeys.get(productId + "/" + userKey);
                yield id == null ? new Loaded.Definition(null, null, null) : definition(productId, id);
            }
            case LoadKey.ByNumber(var number) -> byNumber(number);
            case LoadKey.Past(var application, var slots) -> {
                Map<Slot, Long> values = new HashMap<>(past.getOrDefault(application, Map.of()));
                values.keySet().retainAll(slots);
                StoredUsage snapshot = usage.get(application);
                yield new Loaded.Past(new StoredPast(application, snapshot == null ? 0 : snapshot.seq(), values));
            }
        };
    }

    synchronized Loaded.Definition byNumber(long number) {
        for (Application application : applications.values()) {
            if (application.number() == number) {
                return new Loaded.Definition(application.id(), application, usage.get(number));
            }
        }
        return new Loaded.Definition(null, null, usage.get(number));
    }

    private Loaded.Definition definition(String productId, String id) {
        Application application = applications.get(productId + "/" + id);
        return new Loaded.Definition(id, application, application == null ? null : usage.get(application.number()));
    }

    @Override
    public boolean submit(LoadKey key, Done done) {
        Pending pending;
        synchronized (this) {
            if (full) {
                return false;
            }
            loads++;
            pending = new Pending(key, find(key), done);
            if (holding) {
                held.add(pending);
                return true;
            }
        }
        pending.done.loaded(pending.found);
        return true;
    }

    /// From now on loads read at once but tell later ([#release]).
    synchronized void hold() {
        holding = true;
    }

    /// Tells what was read, oldest first.
    void release() {
        while (true) {
            Pending pending;
            synchronized (this) {
                holding = false;
                pending = held.poll();
            }
            if (pending == null) {
                return;
            }
            pending.done.loaded(pending.found);
        }
    }

    synchronized void full(boolean isFull) {
        full = isFull;
    }

    synchronized void broken(boolean isBroken) {
        broken = isBroken;
    }

    synchronized int loads() {
        return loads;
    }
}
