package io.tollkeeper.store;

import java.time.Duration;
import java.time.InstantSource;

import io.tollkeeper.store.usage.History;
import io.tollkeeper.store.usage.Snapshots;

/// What can be chosen about the embedded store.
///
/// | | default |
/// |---|---|
/// | `clock` | the system's |
/// | `snapshots` | every 30 s, after 600 000 journal rows or 64 MiB of them, or with 100 000 changed applications; applications in memory take up to half of the heap |
/// | `flightBytes`, `flightAge` | flight records on disk: 256 MiB, 7 days |
/// | `errorBytes` | integration errors on disk: 256 MiB |
/// | `eventsKept` | events that nobody fetched and deleted: 90 days (zero: for good) |
/// | `history` | closed hours 90 days, days and longer for good |
public record StoreSettings(
        InstantSource clock,
        Snapshots.Limits snapshots,
        long flightBytes,
        Duration flightAge,
        long errorBytes,
        Duration eventsKept,
        History history) {

    public static StoreSettings defaults() {
        return new StoreSettings(
                InstantSource.system(),
                new Snapshots.Limits(
                        Duration.ofSeconds(30), 600_000, 64 << 20, 100_000, Runtime.getRuntime().maxMemory() / 2),
                256 << 20,
                Duration.ofDays(7),
                256 << 20,
                Duration.ofDays(90),
                History.DEFAULT);
    }

    public StoreSettings withClock(InstantSource other) {
        return new StoreSettings(other, snapshots, flightBytes, flightAge, errorBytes, eventsKept, history);
    }

    public StoreSettings withSnapshots(Snapshots.Limits other) {
        return new StoreSettings(clock, other, flightBytes, flightAge, errorBytes, eventsKept, history);
    }

    public StoreSettings withFlights(long bytes, Duration age) {
        return new StoreSettings(clock, snapshots, bytes, age, errorBytes, eventsKept, history);
    }

    public StoreSettings withEventsKept(Duration age) {
        return new StoreSettings(clock, snapshots, flightBytes, flightAge, errorBytes, age, history);
    }

    public StoreSettings withHistory(History other) {
        return new StoreSettings(clock, snapshots, flightBytes, flightAge, errorBytes, eventsKept, other);
    }
}
