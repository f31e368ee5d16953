package io.tollkeeper.store.catalog;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogContent;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.CatalogStoreException;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.testkit.store.CatalogStoreContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class SqliteCatalogStoreTest extends CatalogStoreContract {

    @TempDir
    private Path folder;

    private Database database;
    private SqliteCatalogStore store;

    @BeforeEach
    void open() {
        database = Database.open(folder, "catalog");
        store = new SqliteCatalogStore(database);
    }

    @AfterEach
    void close() throws SQLException {
        store.close();
    }

    @Override
    protected CatalogStore store() {
        return store;
    }

    @Test
    void aBatchThatFailsInItsMiddleLeavesNothingBehind() throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TRIGGER broken BEFORE INSERT ON metric WHEN new.name = 'bad'"
                    + " BEGIN SELECT raise(ABORT, 'no'); END");
        }
        List<CatalogChange> changes = List.of(
                new CatalogChange.MetricSaved("s", new Metric(Metric.UNNUMBERED, "1", "good", null)),
                new CatalogChange.MetricSaved("s", new Metric(Metric.UNNUMBERED, "2", "bad", null)));
        assertThatThrownBy(() -> store.apply(changes))
                .isInstanceOf(CatalogStoreException.class)
                .hasMessageContaining("2 changes")
                .hasMessageContaining("none was made");
        assertThat(store.load()).isEqualTo(CatalogContent.EMPTY);
        assertThat(store.apply(changes.subList(0, 1)).sequence()).isEqualTo(1);
    }

    @Test
    void whatWasSavedIsThereAfterReopening() throws SQLException {
        store.apply(List.of(new CatalogChange.MetricSaved("s", new Metric(Metric.UNNUMBERED, "1", "hits", null))));
        CatalogContent before = store.load();
        store.close();
        open();
        assertThat(store.load()).isEqualTo(before);
    }
}
