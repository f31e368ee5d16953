package io.tollkeeper.core.catalog;

import java.util.List;
import java.util.Map;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class CatalogTest {

    private final Catalog catalog = new Catalog(CatalogContent.EMPTY);
    private long sequence;

    @BeforeEach
    void twoProvidersWithTwoProductsAndOne() {
        apply(
                new CatalogChange.ProductSaved(product(0, "7301", "acme-pk")),
                new CatalogChange.DefaultProductSet("acme-pk", "7301"),
                new CatalogChange.ProductSaved(product(1, "7302", "acme-pk")),
                new CatalogChange.ProductSaved(product(2, "9000", "other-pk")),
                new CatalogChange.TokenSaved(new ServiceToken("acme-st", "7301")),
                new CatalogChange.TokenSaved(new ServiceToken("ghost-st", "5555")));
    }

    /// The decision table of the specification's section 5.1.
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-, -, 7301, CALLER_CREDENTIALS_REQUIRED, Provider key or service token are required",
                "' ', ' ', 7301, CALLER_CREDENTIALS_REQUIRED, Provider key or service token are required",
                "-, acme-st, -, SERVICE_ID_MISSING, Service ID is missing",
                "-, acme-st, ' ', SERVICE_ID_MISSING, Service ID is missing",
                "-, acme-st, 7302, SERVICE_TOKEN_INVALID, 'service token \"acme-st\" or service id \"7302\" is invalid'",
                "-, ghost-st, 5555, SERVICE_TOKEN_INVALID, 'service token \"ghost-st\" or service id \"5555\" is invalid'",
                "-, acme-st, 7301, -, 7301",
                "wrong, acme-st, -, PROVIDER_KEY_INVALID_OR_SERVICE_MISSING, 'provider key \"wrong\" invalid and/or service ID missing'",
                "other-pk, -, -, PROVIDER_KEY_INVALID_OR_SERVICE_MISSING, 'provider key \"other-pk\" invalid and/or service ID missing'",
                "acme-pk, -, -, -, 7301",
                "wrong, acme-st, 7301, PROVIDER_KEY_INVALID, 'provider key \"wrong\" is invalid'",
                "wrong, -, 1, SERVICE_ID_INVALID, 'service id \"1\" is invalid'",
                "acme-pk, -, 1, SERVICE_ID_INVALID, 'service id \"1\" is invalid'",
                "acme-pk, -, 9000, SERVICE_ID_INVALID, 'service id \"9000\" is invalid'",
                "acme-pk, -, 7302, -, 7302",
                "acme-pk, -, xx-7302, -, 7302"
            })
    void callersAreLetInOrRefusedAsTheTableSays(
            @Nullable String providerKey,
            @Nullable String token,
            @Nullable String serviceId,
            @Nullable Reason reason,
            String messageOrProduct) {
        CallerAccess access = catalog.current().access(providerKey, token, serviceId);
        if (reason == null) {
            assertThat(access).isInstanceOfSatisfying(CallerAccess.Allowed.class, allowed -> assertThat(
                            allowed.product().id())
                    .isEqualTo(messageOrProduct));
        } else {
            assertThat(access).isEqualTo(new CallerAccess.Refused(reason, messageOrProduct));
        }
    }

    @Test
    void aSpaceAndAPlusInAnIdentifierAreTheSame() {
        apply(new CatalogChange.ProductSaved(product(3, "a+b", "acme-pk")));
        Product product = catalog.current().product("a b");
        assertThat(product).isNotNull();
        assertThat(product.id()).isEqualTo("a+b");
    }

    @Test
    void aChangeOfOneProductLeavesTheOthersAsTheyAre() {
        Product before = catalog.current().product("7302");
        apply(new CatalogChange.MetricSaved("7301", new Metric(0, "41", "hits", null)));
        assertThat(catalog.current().product("7302")).isSameAs(before);
        Product changed = catalog.current().product("7301");
        assertThat(changed).isNotNull();
        assertThat(changed.metricNamed("hits")).isNotNull();
        assertThat(catalog.current().sequence()).isEqualTo(sequence);
    }

    @Test
    void limitsComeInTheOrderOfAnswersAndThoseOfDeletedMetricsAreLeftOut() {
        apply(
                new CatalogChange.MetricSaved("7301", new Metric(0, "100", "late", null)),
                new CatalogChange.MetricSaved("7301", new Metric(1, "41", "hits", null)),
                new CatalogChange.LimitSaved("7301", new UsageLimit("9", "100", Period.DAY, 1)),
                new CatalogChange.LimitSaved("7301", new UsageLimit("9", "41", Period.MINUTE, 2)),
                new CatalogChange.LimitSaved("7301", new UsageLimit("9", "41", Period.ETERNITY, 3)),
                new CatalogChange.LimitSaved("7301", new UsageLimit("9", "41", Period.MONTH, 4)),
                new CatalogChange.LimitSaved("7301", new UsageLimit("9", "41", Period.MONTH, 5)));
        PlanLimits limits = limits("7301");
        assertThat(limits.size()).isEqualTo(4);
        assertThat(List.of(limits.max(0), limits.max(1), limits.max(2), limits.max(3))).containsExactly(3L, 5L, 2L, 1L);
        apply(new CatalogChange.MetricDeleted("7301", "41"));
        assertThat(limits("7301").size()).isEqualTo(1);
        apply(new CatalogChange.LimitDeleted("7301", "9", "100", Period.DAY));
        assertThat(limits("7301").size()).isZero();
    }

    @Test
    void aDeletedProductFindsItsMetricsAgainWhenItIsCreatedAnew() {
        apply(new CatalogChange.MetricSaved("7301", new Metric(0, "41", "hits", null)));
        apply(new CatalogChange.ProductDeleted("7301"));
        assertThat(catalog.current().product("7301")).isNull();
        apply(new CatalogChange.ProductSaved(product(0, "7301", "acme-pk")));
        Product again = catalog.current().product("7301");
        assertThat(again).isNotNull();
        assertThat(again.metricNamed("hits")).isNotNull();
    }

    @Test
    void aProviderKeyMovesWithItsProductsAndItsDefault() {
        apply(new CatalogChange.ProviderKeyChanged("acme-pk", "new-pk", "7301"));
        assertThat(catalog.current().productIds("new-pk")).containsExactlyInAnyOrder("7301", "7302");
        assertThat(catalog.current().defaultProductId("new-pk")).isEqualTo("7301");
        assertThat(catalog.current().productIds("acme-pk")).isEmpty();
        assertThat(catalog.current().defaultProductId("acme-pk")).isNull();
    }

    @Test
    void whatWasAppliedEqualsWhatIsLoaded() {
        apply(
                new CatalogChange.MetricSaved("7301", new Metric(0, "41", "hits", null)),
                new CatalogChange.TokenDeleted(new ServiceToken("acme-st", "7301")));
        Catalog.Snapshot applied = catalog.current();
        Catalog loaded = new Catalog(new CatalogContent(
                applied.sequence(),
                applied.products().stream().map(Product::settings).toList(),
                Map.of("7301", applied.parts("7301")),
                List.of(new ServiceToken("ghost-st", "5555")),
                applied.defaultProducts()));
        assertThat(loaded.current().hasToken("acme-st", "7301")).isFalse();
        assertThat(applied.hasToken("acme-st", "7301")).isFalse();
        Product product = loaded.current().product("7301");
        assertThat(product).isNotNull();
        assertThat(product.metrics()).isEqualTo(List.of(new Metric(0, "41", "hits", null)));
    }

    @Test
    void ancestorsAreNearestFirstAndACycleEnds() {
        Product product = new Product(
                product(0, "1", "k"),
                List.of(
                        new Metric(0, "1", "top", null),
                        new Metric(1, "2", "middle", "1"),
                        new Metric(2, "3", "leaf", "2"),
                        new Metric(4, "5", "x", "6"),
                        new Metric(5, "6", "y", "5")),
                List.of());
        assertThat(product.ancestors(2)).containsExactly(1, 0);
        assertThat(product.ancestors(4)).containsExactly(5);
        assertThat(product.children(0)).containsExactly(new Metric(1, "2", "middle", "1"));
        assertThat(product.metricNumbered(3)).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {"1,USER_KEY", "1abc,USER_KEY", "oauth,OAUTH", "OAuth,APP_ID", "-,APP_ID", "2,APP_ID", "3,APP_ID", "10,APP_ID", "oidc,APP_ID", "01,USER_KEY"})
    void theModeIsReadAsTheOriginalDoes(@Nullable String version, AuthenticationMode mode) {
        assertThat(AuthenticationMode.ofBackendVersion(version)).isEqualTo(mode);
    }

    private PlanLimits limits(String productId) {
        Product product = catalog.current().product(productId);
        assertThat(product).isNotNull();
        return product.limits("9");
    }

    private void apply(CatalogChange... changes) {
        catalog.apply(new CatalogCommit(++sequence, List.of(changes)));
    }

    private static ProductSettings product(int number, String id, String providerKey) {
        return new ProductSettings(number, id, providerKey, "2", true, false);
    }
}
