package io.tollkeeper.testkit.store;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogCommit;
import io.tollkeeper.core.catalog.CatalogContent;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.KnownApplication;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.ServiceToken;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.event.AlertBins;
import io.tollkeeper.core.usage.Period;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What every [CatalogStore] does. A subclass gives an empty store per test.
public abstract class CatalogStoreContract {

    /// The store under test; the same one for the whole of a test, empty at its beginning.
    protected abstract CatalogStore store();

    @Test
    void anEmptyStoreHoldsNothing() {
        assertThat(store().load()).isEqualTo(CatalogContent.EMPTY);
        assertThat(store().application("s", "a")).isNull();
        assertThat(store().application(1)).isNull();
        assertThat(store().applicationIdOfUserKey("s", "k")).isNull();
        assertThat(store().applicationNumber("s", "a")).isEqualTo(-1);
        assertThat(store().productNumber(1)).isEqualTo(-1);
        assertThat(store().userKeys("s", "a")).isEmpty();
        assertThat(store().applicationIds("s", null, 10)).isEmpty();
    }

    @Test
    void aSavedProductComesBackWithItsNumber() {
        ProductSettings saved = saved(product("s", "pk", "1", true, false));
        assertThat(saved.number()).isNotNegative();
        assertThat(store().load().products()).containsExactly(saved);
    }

    @Test
    void savingAProductAgainReplacesItsSettingsAndKeepsItsNumber() {
        ProductSettings first = saved(product("s", "pk", "1", true, false));
        ProductSettings second = saved(product("s", "pk", null, false, true));
        assertThat(second.number()).isEqualTo(first.number());
        assertThat(store().load().products()).containsExactly(second);
    }

    @Test
    void aProductThatWasDeletedAndCreatedAgainKeepsNumberMetricsAndLimits() {
        ProductSettings first = saved(product("s", "pk", "1", true, false));
        Metric metric = saved("s", metric("10", "hits", null));
        UsageLimit limit = new UsageLimit("gold", "10", Period.DAY, 5);
        apply(new CatalogChange.LimitSaved("s", limit));

        apply(new CatalogChange.ProductDeleted("s"));
        assertThat(store().load().products()).isEmpty();
        assertThat(store().load().parts().get("s")).isEqualTo(new CatalogContent.Parts(List.of(metric), List.of(limit)));

        assertThat(saved(product("s", "pk", "2", true, false)).number()).isEqualTo(first.number());
    }

    @Test
    void noTwoProductsShareANumber() {
        Set<Integer> numbers = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            numbers.add(saved(product("s" + i, "pk", "1", true, false)).number());
        }
        apply(new CatalogChange.ProductDeleted("s4"));
        numbers.add(saved(product("s5", "pk", "1", true, false)).number());
        assertThat(numbers).hasSize(6);
    }

    @Test
    void metricsMayComeBeforeTheirProduct() {
        Metric metric = saved("s", metric("10", "hits", null));
        assertThat(store().load().products()).isEmpty();
        assertThat(store().load().parts()).containsOnlyKeys("s");
        saved(product("s", "pk", "1", true, false));
        assertThat(store().load().parts().get("s")).isEqualTo(new CatalogContent.Parts(List.of(metric), List.of()));
    }

    @Test
    void metricNumbersAreSmallPerProductAndNeverGivenTwice() {
        Metric hits = saved("s", metric("10", "hits", null));
        Metric search = saved("s", metric("11", "search", "10"));
        Metric other = saved("t", metric("12", "hits", null));
        assertThat(search.number()).isNotEqualTo(hits.number());
        assertThat(other.number()).isLessThan(3);

        apply(new CatalogChange.MetricDeleted("s", "11"));
        assertThat(parts("s").metrics()).containsExactly(hits);
        Metric added = saved("s", metric("13", "search", "10"));
        assertThat(added.number()).isNotIn(hits.number(), search.number());
    }

    @Test
    void aMetricThatWasDeletedAndCreatedAgainKeepsItsNumber() {
        Metric first = saved("s", metric("10", "hits", null));
        apply(new CatalogChange.MetricDeleted("s", "10"));
        assertThat(saved("s", metric("10", "visits", null)).number()).isEqualTo(first.number());
        assertThat(parts("s").metrics()).extracting(Metric::name).containsExactly("visits");
    }

    @Test
    void aMetricIsFoundByItsLastNameUntilThatIsUsedAgain() {
        Metric hits = saved("s", metric("10", "hits", null));
        assertThat(store().metricNumberNamed("s", "hits")).isEqualTo(hits.number());
        assertThat(store().metricNumberNamed("s", "nothing")).isEqualTo(-1);
        assertThat(store().metricNumberNamed("nowhere", "hits")).isEqualTo(-1);

        apply(new CatalogChange.MetricDeleted("s", "10"));
        assertThat(store().metricNumberNamed("s", "hits")).isEqualTo(hits.number());

        Metric again = saved("s", metric("11", "hits", null));
        assertThat(store().metricNumberNamed("s", "hits")).isEqualTo(again.number());
        apply(new CatalogChange.MetricDeleted("s", "11"));
        assertThat(store().metricNumberNamed("s", "hits")).isEqualTo(again.number());
        assertThat(store().metricNumberNamed("s", "")).isEqualTo(-1);
    }

    @Test
    void anOlderMetricThatTakesTheNameOfADeletedOneHasItForGood() {
        Metric older = saved("s", metric("10", "visits", null));
        saved("s", metric("11", "hits", null));
        apply(new CatalogChange.MetricDeleted("s", "11"));
        saved("s", metric("10", "hits", null));
        assertThat(store().metricNumberNamed("s", "visits")).isEqualTo(-1);
        apply(new CatalogChange.MetricDeleted("s", "10"));
        assertThat(store().metricNumberNamed("s", "hits")).isEqualTo(older.number());
    }

    @Test
    void savingAMetricAgainChangesNameAndParent() {
        saved("s", metric("10", "hits", null));
        saved("s", metric("11", "search", null));
        Metric moved = saved("s", metric("11", "find", "10"));
        assertThat(parts("s").metrics()).hasSize(2).contains(moved);
    }

    @Test
    void alertLimitsAreKeptPerProductAndMayComeBeforeIt() {
        apply(
                new CatalogChange.AlertLimitAdded("s", 50),
                new CatalogChange.AlertLimitAdded("s", 300),
                new CatalogChange.AlertLimitAdded("s", 50),
                new CatalogChange.AlertLimitAdded("t", 0));
        assertThat(AlertBins.values(parts("s").alertBins())).containsExactly(50, 300);
        assertThat(AlertBins.values(parts("t").alertBins())).containsExactly(0);

        saved(product("s", "pk", "1", true, false));
        apply(new CatalogChange.ProductDeleted("s"));
        assertThat(AlertBins.values(parts("s").alertBins())).containsExactly(50, 300);

        apply(new CatalogChange.AlertLimitRemoved("s", 300), new CatalogChange.AlertLimitRemoved("s", 80));
        assertThat(AlertBins.values(parts("s").alertBins())).containsExactly(50);
    }

    @Test
    void limitsAreKeptPerPlanMetricAndPeriod() {
        apply(
                new CatalogChange.LimitSaved("s", new UsageLimit("gold", "10", Period.DAY, 5)),
                new CatalogChange.LimitSaved("s", new UsageLimit("gold", "10", Period.ETERNITY, Long.MAX_VALUE)),
                new CatalogChange.LimitSaved("s", new UsageLimit("tin", "10", Period.DAY, 0)),
                new CatalogChange.LimitSaved("s", new UsageLimit("gold", "10", Period.DAY, 6)));
        assertThat(parts("s").limits())
                .containsExactlyInAnyOrder(
                        new UsageLimit("gold", "10", Period.DAY, 6),
                        new UsageLimit("gold", "10", Period.ETERNITY, Long.MAX_VALUE),
                        new UsageLimit("tin", "10", Period.DAY, 0));

        apply(new CatalogChange.LimitDeleted("s", "gold", "10", Period.DAY));
        assertThat(parts("s").limits()).hasSize(2);
    }

    @Test
    void limitsOutliveTheirMetric() {
        saved("s", metric("10", "hits", null));
        UsageLimit limit = new UsageLimit("gold", "10", Period.DAY, 5);
        apply(new CatalogChange.LimitSaved("s", limit), new CatalogChange.MetricDeleted("s", "10"));
        assertThat(parts("s")).isEqualTo(new CatalogContent.Parts(List.of(), List.of(limit)));
    }

    @Test
    void tokensBelongToProducts() {
        ServiceToken one = new ServiceToken("t", "s");
        ServiceToken two = new ServiceToken("t", "r");
        apply(new CatalogChange.TokenSaved(one), new CatalogChange.TokenSaved(two), new CatalogChange.TokenSaved(one));
        assertThat(store().load().tokens()).containsExactlyInAnyOrder(one, two);
        apply(new CatalogChange.TokenDeleted(one));
        assertThat(store().load().tokens()).containsExactly(two);
    }

    @Test
    void aProviderKeyHasOneDefaultProduct() {
        apply(new CatalogChange.DefaultProductSet("pk", "s"), new CatalogChange.DefaultProductSet("pk", "r"));
        assertThat(store().load().defaultProducts()).isEqualTo(Map.of("pk", "r"));
        apply(new CatalogChange.DefaultProductRemoved("pk", "r"));
        assertThat(store().load().defaultProducts()).isEmpty();
    }

    @Test
    void aChangedProviderKeyTakesItsProductsAndDefaultAlong() {
        saved(product("s", "old", "1", true, false));
        saved(product("r", "old", "1", true, false));
        saved(product("q", "else", "1", true, false));
        apply(new CatalogChange.DefaultProductSet("old", "r"), new CatalogChange.ProviderKeyChanged("old", "new", "r"));
        assertThat(store().load().products())
                .extracting(ProductSettings::id, ProductSettings::providerKey)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple("s", "new"),
                        org.assertj.core.groups.Tuple.tuple("r", "new"),
                        org.assertj.core.groups.Tuple.tuple("q", "else"));
        assertThat(store().load().defaultProducts()).isEqualTo(Map.of("new", "r"));
    }

    @Test
    void aNewApplicationKeepsWhatItCameWith() {
        int product = saved(product("s", "pk", "1", true, false)).number();
        Application saved = saved(new Application(
                Application.UNNUMBERED,
                "s",
                "a",
                "active",
                "gold",
                "Gold",
                "https://a.example/",
                Set.of("k1", "k2"),
                List.of("*.b.example", "a.example")));
        assertThat(saved.number()).isPositive();
        assertThat(saved.keys()).containsExactlyInAnyOrder("k1", "k2");
        assertThat(saved.referrerFilters()).containsExactlyInAnyOrder("*.b.example", "a.example");
        assertThat(store().application("s", "a")).isEqualTo(saved);
        assertThat(store().application(saved.number())).isEqualTo(saved);
        assertThat(store().applicationNumber("s", "a")).isEqualTo(saved.number());
        assertThat(store().productNumber(saved.number())).isEqualTo(product);
    }

    @Test
    void anApplicationMayHaveNoPlanAndNoRedirect() {
        Application saved = saved(application("s", "a", "suspended"));
        assertThat(store().application("s", "a")).isEqualTo(saved);
        assertThat(saved.planId()).isNull();
        assertThat(saved.redirectUrl()).isNull();
    }

    @Test
    void savingAnApplicationAgainKeepsItsStoredKeysAndFilters() {
        saved(application("s", "a", "active").withKeys(Set.of("k")).withReferrerFilters(List.of("f")));
        Application again = saved(application("s", "a", "suspended").withKeys(Set.of("ignored")));
        assertThat(again.state()).isEqualTo("suspended");
        assertThat(again.keys()).containsExactly("k");
        assertThat(again.referrerFilters()).containsExactly("f");
        assertThat(store().application("s", "a")).isEqualTo(again);
    }

    @Test
    void keysAndFiltersAreAddedOnceAndRemoved() {
        saved(application("s", "a", "active"));
        apply(
                new CatalogChange.ApplicationKeyAdded("s", "a", "k1"),
                new CatalogChange.ApplicationKeyAdded("s", "a", "k1"),
                new CatalogChange.ApplicationKeyAdded("s", "a", "k2"),
                new CatalogChange.ReferrerFilterAdded("s", "a", "f1"),
                new CatalogChange.ReferrerFilterAdded("s", "a", "f2"),
                new CatalogChange.ReferrerFilterAdded("s", "a", "f1"));
        assertThat(application("a").keys()).containsExactlyInAnyOrder("k1", "k2");
        assertThat(application("a").referrerFilters()).containsExactlyInAnyOrder("f1", "f2");

        apply(
                new CatalogChange.ApplicationKeyRemoved("s", "a", "k1"),
                new CatalogChange.ReferrerFilterRemoved("s", "a", "f2"));
        assertThat(application("a").keys()).containsExactly("k2");
        assertThat(application("a").referrerFilters()).containsExactly("f1");
    }

    @Test
    void aDeletedApplicationLosesKeysFiltersAndUserKeysButKeepsItsNumber() {
        Application first = saved(application("s", "a", "active").withKeys(Set.of("k")).withReferrerFilters(List.of("f")));
        apply(new CatalogChange.UserKeySaved("s", "uk", "a"));

        apply(new CatalogChange.ApplicationDeleted("s", "a"));
        assertThat(store().application("s", "a")).isNull();
        assertThat(store().application(first.number())).isNull();
        assertThat(store().applicationIdOfUserKey("s", "uk")).isNull();
        assertThat(store().applicationNumber("s", "a")).isEqualTo(first.number());
        assertThat(store().productNumber(first.number())).isNotNegative();

        Application again = saved(application("s", "a", "active"));
        assertThat(again.number()).isEqualTo(first.number());
        assertThat(again.keys()).isEmpty();
        assertThat(again.referrerFilters()).isEmpty();
    }

    @Test
    void applicationNumbersAreGlobal() {
        long one = saved(application("s", "a", "active")).number();
        long two = saved(application("r", "a", "active")).number();
        assertThat(one).isNotEqualTo(two);
    }

    @Test
    void aUserKeyMapsToOneApplicationWhichNeedNotExist() {
        apply(new CatalogChange.UserKeySaved("s", "uk", "a"), new CatalogChange.UserKeySaved("s", "uk2", "a"));
        assertThat(store().applicationIdOfUserKey("s", "uk")).isEqualTo("a");
        assertThat(store().applicationIdOfUserKey("r", "uk")).isNull();
        assertThat(store().userKeys("s", "a")).containsExactlyInAnyOrder("uk", "uk2");

        apply(new CatalogChange.UserKeySaved("s", "uk", "b"), new CatalogChange.UserKeyDeleted("s", "uk2"));
        assertThat(store().applicationIdOfUserKey("s", "uk")).isEqualTo("b");
        assertThat(store().applicationIdOfUserKey("s", "uk2")).isNull();
        assertThat(store().userKeys("s", "a")).isEmpty();
    }

    @Test
    void applicationIdsComeInPages() {
        for (String id : List.of("c", "a", "b", "d")) {
            saved(application("s", id, "active"));
        }
        saved(application("r", "a2", "active"));
        apply(new CatalogChange.ApplicationDeleted("s", "b"));
        assertThat(store().applicationIds("s", null, 2)).containsExactly("a", "c");
        assertThat(store().applicationIds("s", "c", 2)).containsExactly("d");
        assertThat(store().applicationIds("s", "d", 2)).isEmpty();
    }

    @Test
    void everyApplicationThatEverHadANumberIsKnown() {
        for (String id : List.of("c", "a", "b")) {
            saved(application("s", id, "active"));
        }
        saved(application("r", "a2", "active"));
        apply(new CatalogChange.ApplicationDeleted("s", "b"));
        assertThat(store().knownApplications("s", null, 2))
                .containsExactly(
                        new KnownApplication(store().applicationNumber("s", "a"), "a", true),
                        new KnownApplication(store().applicationNumber("s", "b"), "b", false));
        assertThat(store().knownApplications("s", "b", 2)).extracting(KnownApplication::id).containsExactly("c");
        assertThat(store().knownApplications("s", "c", 2)).isEmpty();
        assertThat(store().knownApplications("nowhere", null, 2)).isEmpty();

        assertThat(store().knownApplicationsByNumber("s", -1, 2)).extracting(KnownApplication::id).containsExactly("c", "a");
        long second = store().applicationNumber("s", "a");
        assertThat(store().knownApplicationsByNumber("s", second, 2))
                .containsExactly(new KnownApplication(store().applicationNumber("s", "b"), "b", false));
        assertThat(store().knownApplicationsByNumber("nowhere", -1, 2)).isEmpty();
    }

    @Test
    void deletingWhatIsNotThereChangesNothing() {
        apply(
                new CatalogChange.ProductDeleted("s"),
                new CatalogChange.MetricDeleted("s", "10"),
                new CatalogChange.LimitDeleted("s", "gold", "10", Period.DAY),
                new CatalogChange.ApplicationDeleted("s", "a"),
                new CatalogChange.UserKeyDeleted("s", "uk"),
                new CatalogChange.ApplicationKeyRemoved("s", "a", "k"),
                new CatalogChange.ReferrerFilterRemoved("s", "a", "f"),
                new CatalogChange.TokenDeleted(new ServiceToken("t", "s")));
        assertThat(store().load().parts()).isEmpty();
        assertThat(store().applicationNumber("s", "a")).isEqualTo(-1);
    }

    @Test
    void theSequenceRisesWithEveryCommit() {
        long first = apply(new CatalogChange.ProductDeleted("s")).sequence();
        long second = apply(new CatalogChange.ProductDeleted("s")).sequence();
        assertThat(second).isGreaterThan(first);
        assertThat(store().load().sequence()).isEqualTo(second);
    }

    @Test
    void namesMayHoldAnyCharacter() {
        String odd = "ü ' \" % _ \\ \u0001 \uD83D\uDE00";
        saved(product(odd, odd, odd, true, true));
        Application saved = saved(application(odd, odd, odd).withKeys(Set.of(odd)).withReferrerFilters(List.of(odd)));
        apply(new CatalogChange.UserKeySaved(odd, odd, odd));
        assertThat(store().application(odd, odd)).isEqualTo(saved);
        assertThat(store().applicationIdOfUserKey(odd, odd)).isEqualTo(odd);
        assertThat(store().load().products()).extracting(ProductSettings::id).containsExactly(odd);
    }

    private CatalogCommit apply(CatalogChange... changes) {
        return store().apply(List.of(changes));
    }

    private ProductSettings saved(ProductSettings product) {
        return ((CatalogChange.ProductSaved) onlyOne(new CatalogChange.ProductSaved(product))).product();
    }

    private Metric saved(String product, Metric metric) {
        return ((CatalogChange.MetricSaved) onlyOne(new CatalogChange.MetricSaved(product, metric))).metric();
    }

    private Application saved(Application application) {
        return ((CatalogChange.ApplicationSaved) onlyOne(new CatalogChange.ApplicationSaved(application))).application();
    }

    private CatalogChange onlyOne(CatalogChange change) {
        List<CatalogChange> changes = apply(change).changes();
        assertThat(changes).hasSize(1);
        return changes.getFirst();
    }

    private CatalogContent.Parts parts(String product) {
        return store().load().parts().getOrDefault(product, CatalogContent.Parts.NONE);
    }

    private Application application(String id) {
        Application found = store().application("s", id);
        assertThat(found).isNotNull();
        return java.util.Objects.requireNonNull(found);
    }

    private static ProductSettings product(
            String id, String providerKey, @org.jspecify.annotations.Nullable String version, boolean active, boolean filters) {
        return new ProductSettings(ProductSettings.UNNUMBERED, id, providerKey, version, active, filters);
    }

    private static Metric metric(String id, String name, @org.jspecify.annotations.Nullable String parent) {
        return new Metric(Metric.UNNUMBERED, id, name, parent);
    }

    private static Application application(String product, String id, String state) {
        return new Application(Application.UNNUMBERED, product, id, state, null, null, null, Set.of(), List.of());
    }
}
