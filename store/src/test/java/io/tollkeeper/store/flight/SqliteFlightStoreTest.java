package io.tollkeeper.store.flight;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.FlightStore;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.testkit.store.FlightStoreContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

final class SqliteFlightStoreTest extends FlightStoreContract {

    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    private Path folder;

    private Database database;
    private SqliteFlightStore store;

    @BeforeEach
    void open() {
        database = Database.open(folder, "flights");
        store = new SqliteFlightStore(database, () -> NOW, 1 << 20, Duration.ofDays(1));
    }

    @AfterEach
    void close() throws SQLException {
        store.close();
    }

    @Override
    protected FlightStore store() {
        return store;
    }

    @Override
    protected long now() {
        return NOW.toEpochMilli();
    }

    @Test
    void theFileStaysWithinItsSizeAndKeepsTheNewest() throws Exception {
        RequestId last = new RequestId(0, 0);
        for (int batch = 0; batch < 60; batch++) {
            List<FlightRecord> records = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                FlightRecord record = record(NOW.toEpochMilli() - 60_000 + batch * 200L + i, i);
                record.evidence("x".repeat(300));
                records.add(record);
                last = record.id();
            }
            store.keep(records);
        }
        assertThat(Files.size(folder.resolve("flights.db"))).isLessThan(2 << 20);
        assertThat(store.find(last)).isNotNull();
        assertThat(store.newest(5)).first().extracting(FlightRecord::id).isEqualTo(last);
    }

    @Test
    void oldRecordsGo() {
        FlightRecord old = record(NOW.minus(Duration.ofDays(2)).toEpochMilli(), 1);
        FlightRecord young = record(NOW.toEpochMilli(), 1);
        store.keep(List.of(old));
        store.keep(List.of(young));
        assertThat(store.find(old.id())).isNull();
        assertThat(store.find(young.id())).isNotNull();
    }

    @Test
    void whatCannotBeKeptIsCounted() throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TRIGGER full BEFORE INSERT ON flight BEGIN SELECT raise(ABORT, 'full'); END");
            store.keep(List.of(record(NOW.toEpochMilli(), 1), record(NOW.toEpochMilli(), 2)));
            assertThat(store.lost()).isEqualTo(2);
            statement.execute("DROP TRIGGER full");
        }
        store.keep(List.of(record(NOW.toEpochMilli(), 3)));
        assertThat(store.lost()).isEqualTo(2);
        assertThat(store.newest(9)).hasSize(1);
    }

    @Test
    void damagedRecordsArePassedOver() throws SQLException {
        store.keep(List.of(record(NOW.toEpochMilli(), 1)));
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE flight SET body = x'0102'");
        }
        assertThat(store.newest(9)).isEmpty();
    }
}
