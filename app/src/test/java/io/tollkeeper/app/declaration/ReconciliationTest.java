package io.tollkeeper.app.declaration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.store.catalog.SqliteCatalogStore;
import io.tollkeeper.store.sqlite.Database;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class ReconciliationTest {
    private static final String ORDERS = """
            products:
              orders:
                hosts: [a.example.com]
                upstream: http://10.0.0.7
                methods: [get_orders]
                rules: [{method: ANY, pattern: /}]
                plans: {basic: {limits: [{metric: hits, period: day, max: 2}]}, gold: {}}
                applications:
                  alice: {plan: basic, user-key: a1}
                  bob: {plan: gold, user-keys: [b1, b2]}
                service-tokens: [st-1]
            """;

    @TempDir private Path folder;
    private SqliteCatalogStore store;
    private Catalog catalog;
    private Ownership owned = Ownership.nothingYet();

    @BeforeEach void open() {
        store = new SqliteCatalogStore(Database.open(folder, "catalog"));
        catalog = new Catalog(store.load());
    }

    @AfterEach void close() throws Exception {
        store.close();
    }

    @Test void whatTheFileDeclaresIsInTheStoreAfterwardsAndAgainNothingChanges() throws IOException {
        reconcile(ORDERS);
        var product = Objects.requireNonNull(catalog.current().product("orders"));
        assertThat(product.metrics()).extracting(Metric::name).containsExactlyInAnyOrder("hits", "get_orders");
        assertThat(product.limits("basic").limit(0)).isEqualTo(new UsageLimit("basic", "hits", Period.DAY, 2));
        assertThat(catalog.current().hasToken("st-1", "orders")).isTrue();
        assertThat(catalog.current().defaultProductId(owned.providerKey())).isEqualTo("orders");
        assertThat(store.applicationIdOfUserKey("orders", "b2")).isEqualTo("bob");
        assertThat(plan(ORDERS).before()).isEmpty();
        assertThat(plan(ORDERS).after()).isEmpty();
    }

    @Test void onlyWhatIsDifferentIsSavedAndWhatTheFileLeavesOutGoesAfterwards() throws IOException {
        reconcile(ORDERS);
        var plan = plan(ORDERS.replace("max: 2", "max: 3").replace("methods: [get_orders]", "metrics: [bytes]")
                .replace("bob: {plan: gold, user-keys: [b1, b2]}", "bob: {plan: basic, user-keys: [b2, b3]}").replace("[st-1]", "[st-2]"));
        assertThat(plan.before()).extracting(change -> change.getClass().getSimpleName())
                .containsExactly("MetricSaved", "LimitSaved", "TokenSaved", "ApplicationSaved", "UserKeySaved");
        assertThat(plan.after()).extracting(change -> change.getClass().getSimpleName())
                .containsExactly("MetricDeleted", "UserKeyDeleted", "TokenDeleted");
    }

    @Test void aKeyThatMovesToAnotherApplicationIsNotDeletedThere() throws IOException {
        reconcile(ORDERS);
        reconcile(ORDERS.replace("user-key: a1", "user-key: b1").replace("[b1, b2]", "[b2]"));
        assertThat(store.applicationIdOfUserKey("orders", "b1")).isEqualTo("alice");
        assertThat(store.applicationIdOfUserKey("orders", "a1")).isNull();
        assertThat(store.applicationIdOfUserKey("orders", "b2")).isEqualTo("bob");
    }

    @Test void applicationsThatCameThroughTheInternalApiStay() throws IOException {
        reconcile(ORDERS);
        apply(List.of(new CatalogChange.ApplicationSaved(new Application(
                Application.UNNUMBERED, "orders", "carol", "active", "gold", "gold", null, Set.of(), List.of()))));
        reconcile(ORDERS.replace("      alice: {plan: basic, user-key: a1}\n", ""));
        assertThat(store.application("orders", "carol")).isNotNull();
        assertThat(store.application("orders", "alice")).isNull();
    }

    @Test void aProductThatLeavesTheFileLeavesTheStoreAndOthersStay() throws IOException {
        apply(List.of(new CatalogChange.ProductSaved(new ProductSettings(ProductSettings.UNNUMBERED, "foreign", "pk", "1", true, false))));
        reconcile(ORDERS);
        reconcile("gateway: {}\n");
        assertThat(catalog.current().product("orders")).isNull();
        assertThat(catalog.current().product("foreign")).isNotNull();
        assertThat(catalog.current().hasToken("st-1", "orders")).isFalse();
        assertThat(store.application("orders", "bob")).isNull();
        assertThat(owned.products()).isEmpty();
    }

    @Test void aMetricKnownByNameKeepsItsIdAndItsNumber() throws IOException {
        apply(List.of(
                new CatalogChange.ProductSaved(new ProductSettings(ProductSettings.UNNUMBERED, "orders", "pk", "1", true, false)),
                new CatalogChange.MetricSaved("orders", new Metric(Metric.UNNUMBERED, "2555", "hits", null))));
        reconcile(ORDERS);
        var product = Objects.requireNonNull(catalog.current().product("orders"));
        assertThat(product.metricNamed("hits")).extracting(Metric::id).isEqualTo("2555");
        assertThat(product.metricNamed("get_orders")).extracting(Metric::parentId).isEqualTo("2555");
        assertThat(product.limits("basic").limit(0).metricId()).isEqualTo("2555");
        assertThat(product.settings().providerKey()).isEqualTo("pk");
    }

    @Test void ownershipSurvivesInTheDataFolder() throws IOException {
        reconcile(ORDERS);
        owned.write(folder);
        assertThat(Ownership.read(folder)).isEqualTo(owned);
        assertThat(Files.getPosixFilePermissions(folder.resolve("declared.json"))).hasSize(2);
    }

    private void reconcile(String yaml) throws IOException {
        var plan = plan(yaml);
        apply(plan.before());
        apply(plan.after());
        owned = plan.then();
    }

    private Reconciliation plan(String yaml) throws IOException {
        return Reconciliation.of(declared(yaml), catalog.current(), store, owned);
    }

    private void apply(List<CatalogChange> changes) {
        if (!changes.isEmpty()) {
            catalog.apply(store.apply(changes));
        }
    }

    private Declared declared(String yaml) throws IOException {
        var file = Files.writeString(folder.resolve("t.yaml"), yaml);
        return switch (Configuration.load(file, Map.of(), List.of())) {
            case Loaded.Good(var configuration) -> configuration.declared();
            case Loaded.Bad(var findings) -> throw new AssertionError(findings.stream().map(Finding::text).toList());
        };
    }
}
