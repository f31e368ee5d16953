package io.tollkeeper.store;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

import io.tollkeeper.core.authorize.Decision;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.StoredEvent;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.usage.Snapshots;
import io.tollkeeper.testkit.Eventually;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// Events live and die with the journal rows that caused them.
final class EventsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final UsageLimit TEN_A_DAY = new UsageLimit("gold", "10", Period.DAY, 10);

    @TempDir
    private Path folder;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-20T12:00:30Z"));
    private final InstantSource clock = now::get;

    @Test
    void anAcknowledgedCallsEventsAreThere() {
        try (House house = open()) {
            found(house);
            assertThat(house.acknowledged("a0")).isTrue();
            assertThat(house.store.events().oldest(10)).extracting(StoredEvent::event)
                    .containsExactly(
                            new Event.FirstTraffic("s", "a0", seconds()),
                            new Event.FirstDailyTraffic("s", "a0", seconds()));
        }
    }

    @Test
    void nobodyIsToldTwiceAfterARestart() {
        try (House house = open()) {
            found(house);
            call(house, "a0", 6);
            assertThat(types(house)).containsExactly("FirstTraffic", "FirstDailyTraffic", "Alert");
        }
        try (House house = open()) {
            call(house, "a0", 1);
            assertThat(types(house)).hasSize(3);
            now.set(now.get().plus(Duration.ofDays(1)));
            call(house, "a0", 5);
            assertThat(types(house)).endsWith("FirstDailyTraffic", "Alert").hasSize(5);
        }
    }

    @Test
    void nobodyIsToldTwiceAfterAnApplicationLeftMemory() {
        Snapshots.Limits none = new Snapshots.Limits(Duration.ofMillis(50), 1_000, Long.MAX_VALUE, 100_000, 500);
        try (House house = new House(folder, none, clock)) {
            found(house);
            call(house, "a0", 5);
            long number = house.number("a0");
            now.set(now.get().plusSeconds(60));
            Eventually.holds("a0 leaves memory", PATIENCE, () -> !house.applications.isResident(number));
            call(house, "a0", 1);
            assertThat(types(house)).containsExactly("FirstTraffic", "FirstDailyTraffic", "Alert");
        }
    }

    @Test
    void anApplicationThatWasDeletedAndCreatedAgainIsNotNewAndEventsOfDeletedProductsStay() {
        try (House house = open()) {
            found(house);
            call(house, "a0", 1);
            house.writer.write(List.of(new CatalogChange.ApplicationDeleted("s", "a0")));
        }
        try (House house = open()) {
            house.writer.write(List.of(new CatalogChange.ApplicationSaved(new Application(
                    Application.UNNUMBERED, "s", "a0", "active", "gold", "Gold", null, Set.of(), List.of()))));
            call(house, "a0", 1);
            assertThat(types(house)).hasSize(2);
            house.writer.write(List.of(new CatalogChange.ProductDeleted("s")));
            assertThat(types(house)).hasSize(2);
        }
    }

    @Test
    void aCallThatWasNotAcknowledgedIsNoTrafficAndHeldInProcessCallsAre() throws SQLException {
        try (House house = open()) {
            found(house);
            house.authorize("a0");
            house.authorize("in-process");
            refuseEvents();
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            assertThat(house.authrep("a0", CommitWaiter.completing(done))).isInstanceOf(Decision.Granted.class);
            assertThat(done.join()).isFalse();
            assertThat(house.store.health().journal().writable()).isFalse();
            assertThat(house.authrep("in-process", null)).isInstanceOf(Decision.Granted.class);
            acceptEvents();
            Eventually.holds("writable", PATIENCE, () -> house.store.health().journal().writable());
            assertThat(types(house, "a0")).isEmpty();
            assertThat(types(house, "in-process")).containsExactly("FirstTraffic", "FirstDailyTraffic");
            call(house, "a0", 1);
            assertThat(types(house, "a0")).containsExactly("FirstTraffic", "FirstDailyTraffic");
        }
    }

    @Test
    void oldEventsAreDeletedWithTheDaysPruning() {
        Snapshots.Limits often = new Snapshots.Limits(
                Duration.ofMillis(50), 1_000, Long.MAX_VALUE, 100_000, Long.MAX_VALUE / 2);
        try (House house = new House(folder, often, clock)) {
            found(house);
            call(house, "a0", 1);
            now.set(now.get().plus(Duration.ofDays(89)));
            call(house, "a1", 1);
            assertThat(types(house)).hasSize(4);
            now.set(now.get().plus(Duration.ofDays(2)));
            Eventually.holds("the first events are gone", PATIENCE, () -> types(house).size() == 2);
            assertThat(types(house, "a1")).hasSize(2);
        }
    }

    private House open() {
        return new House(folder, House.NEVER, clock);
    }

    private static void found(House house) {
        house.found(2, TEN_A_DAY);
        house.writer.write(List.of(new CatalogChange.AlertLimitAdded("s", 50)));
    }

    private static void call(House house, String application, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(house.acknowledged(application)).isTrue();
        }
    }

    private long seconds() {
        return now.get().getEpochSecond();
    }

    private static List<String> types(House house) {
        return types(house, null);
    }

    private static List<String> types(House house, @org.jspecify.annotations.Nullable String application) {
        return house.store.events().oldest(100).stream()
                .map(StoredEvent::event)
                .filter(event -> application == null || event.applicationId().equals(application))
                .map(event -> event.getClass().getSimpleName())
                .toList();
    }

    /// From now on commits with events fail.
    private void refuseEvents() throws SQLException {
        sql("CREATE TRIGGER refuse BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no events today'); END");
    }

    private void acceptEvents() throws SQLException {
        sql("DROP TRIGGER refuse");
    }

    private void sql(String statement) throws SQLException {
        try (Connection connection = Database.open(folder, "journal").connect();
                Statement change = connection.createStatement()) {
            change.execute(statement);
        }
    }
}
