package io.tollkeeper.store.integration;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

import io.tollkeeper.core.integration.IntegrationError;
import io.tollkeeper.core.integration.IntegrationErrors;
import io.tollkeeper.core.integration.IntegrationErrorsException;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.Transactions;
import io.tollkeeper.testkit.store.IntegrationErrorsContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class SqliteIntegrationErrorsTest extends IntegrationErrorsContract {

    @TempDir
    private Path folder;

    private Database database;
    private SqliteIntegrationErrors errors;

    @BeforeEach
    void open() {
        database = Database.open(folder, "errors");
        errors = new SqliteIntegrationErrors(database, 12 << 20);
    }

    @AfterEach
    void close() throws SQLException {
        errors.close();
    }

    @Override
    protected IntegrationErrors errors() {
        return errors;
    }

    @Test
    void whatWaitsAtTheEndIsThereAfterTheNextStart() throws SQLException {
        errors.add(error("1", 1));
        errors.close();
        errors = new SqliteIntegrationErrors(database, 8 << 20);
        assertThat(errors.newest("1", 0, 10).errors()).containsExactly(error("1", 1));
    }

    @Test
    void whateverACallerSentComesBackAsItWas() {
        IntegrationError strange = new IntegrationError("a\0b'\"", 1, "metric_invalid", "\0 ü € \uD83D\uDE00 \n", "{\"x\":\"\\u0000\"}");
        errors.add(strange);
        assertThat(errors.newest("a\0b'\"", 0, 1).errors()).containsExactly(strange);
    }

    @Test
    void aFloodOverAThousandProductsFillsNeitherDiskNorMemory() throws Exception {
        String context = "{\"url\":\"" + "x".repeat(400) + "\"}";
        for (int i = 0; i < 100_000; i++) {
            errors.add(new IntegrationError("product " + i % 1_000, i, "metric_invalid", "flood", context));
        }
        assertThat(errors.newest("product 999", 0, 1).errors())
                .extracting(IntegrationError::second)
                .containsExactly(99_999L);
        errors.close();
        // 60 MB came; the file is within its 12 MiB, but for what one batch (16 MiB at most) holds before room is made.
        assertThat(Files.size(folder.resolve("errors.db"))).isLessThan(40L << 20);
        try (Connection connection = database.connectReadOnly()) {
            long used = Long.parseLong(Database.pragma(connection, "page_count"))
                    - Long.parseLong(Database.pragma(connection, "freelist_count"));
            assertThat(used * 4096).isLessThanOrEqualTo(12 << 20);
        }
        errors = new SqliteIntegrationErrors(database, 8 << 20);
    }

    @Test
    void aProductWhoseErrorsAreLongKeepsFewerOfThem() {
        for (int i = 0; i < 200; i++) {
            errors.add(new IntegrationError("1", i, "metric_invalid", "", "{\"x\":\"" + "x".repeat(100_000) + "\"}"));
        }
        IntegrationErrors.Page page = errors.newest("1", 0, 1_000);
        assertThat(page.errors().stream().mapToLong(IntegrationError::weight).sum()).isBetween(6L << 20, 9L << 20);
        assertThat(page.errors().getFirst().second()).isEqualTo(199);
        assertThat(page.total()).isEqualTo(page.errors().size());
    }

    @Test
    void whoeverTakesMostRoomLosesItsOldest() {
        errors.add(error("modest", 1));
        for (int i = 0; i < 60; i++) {
            errors.add(new IntegrationError("greedy", i, "metric_invalid", "", "{\"x\":\"" + "x".repeat(500_000) + "\"}"));
            errors.newest("greedy", 0, 1);
        }
        assertThat(errors.newest("modest", 0, 10).errors()).containsExactly(error("modest", 1));
        assertThat(errors.newest("greedy", 0, 100).total()).isBetween(1, 18);
        assertThat(errors.newest("greedy", 0, 1).errors().getFirst().second()).isEqualTo(59);
    }

    @Test
    void whileTheFileIsLockedCallersAreNotDelayedAndTheOldestWaitingGo() throws SQLException {
        try (Connection other = database.connect()) {
            Transactions blocking = Transactions.writing(other);
            blocking.begin();
            long began = System.nanoTime();
            for (int i = 0; i < 100; i++) {
                errors.add(new IntegrationError("1", i, "metric_invalid", "", "\"" + "x".repeat(1_000_000) + "\""));
            }
            assertThat(System.nanoTime() - began).isLessThan(2_000_000_000L);
            assertThat(errors.lost()).isPositive();
            blocking.rollback();
        }
        assertThat(errors.newest("1", 0, 1).errors().getFirst().second()).isEqualTo(99);
    }

    @Test
    void aFileThatIsGoneIsAFailureOfReadersOnly() throws Exception {
        for (Path file : List.of(folder.resolve("errors.db"), folder.resolve("errors.db-wal"), folder.resolve("errors.db-shm"))) {
            Files.deleteIfExists(file);
        }
        errors.add(error("1", 1));
        assertThatThrownBy(() -> errors.newest("1", 0, 1)).isInstanceOf(IntegrationErrorsException.class);
        assertThat(errors.lost()).isEqualTo(1);
        database = Database.open(folder, "errors");
        errors.add(error("1", 2));
        assertThat(errors.newest("1", 0, 10).errors()).containsExactly(error("1", 2));
    }
}
