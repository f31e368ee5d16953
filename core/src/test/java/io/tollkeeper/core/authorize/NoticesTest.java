package io.tollkeeper.core.authorize;

import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.catalog.ProductSettings;
import io.tollkeeper.core.catalog.UsageLimit;
import io.tollkeeper.core.event.AlertBins;
import io.tollkeeper.core.event.AlertRule;
import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.UsageJournal;
import org.junit.jupiter.api.Test;

import static io.tollkeeper.core.authorize.House.A;
import static io.tollkeeper.core.authorize.House.B;
import static io.tollkeeper.core.authorize.House.EXPORTS;
import static io.tollkeeper.core.authorize.House.HITS;
import static io.tollkeeper.core.authorize.House.NOON;
import static io.tollkeeper.core.authorize.House.application;
import static io.tollkeeper.core.authorize.House.limit;
import static org.assertj.core.api.Assertions.assertThat;

/// Specification, section 16: when people are told something.
class NoticesTest {

    private static final long DAY = 86_400;

    private final House house = new House().with(application(1, "shop")).with(application(2, "kiosk"));
    private final Call call = new Call();
    private int read;

    // ---- first traffic

    @Test
    void theFirstCallEverIsFirstTrafficAndFirstDailyTraffic() {
        assertThat(authrep(product(), "hits=1", NOON))
                .containsExactly(
                        new Event.FirstTraffic("7301", "shop", NOON), new Event.FirstDailyTraffic("7301", "shop", NOON));
        assertThat(authrep(product(), "hits=1", NOON + 5)).isEmpty();
    }

    @Test
    void theNextUtcDayBringsFirstDailyTrafficOnly() {
        authrep(product(), "hits=1", NOON);
        assertThat(authrep(product(), "hits=1", NOON + 12 * 3_600 - 31)).isEmpty();
        assertThat(authrep(product(), "hits=1", NOON + 12 * 3_600 - 30))
                .containsExactly(new Event.FirstDailyTraffic("7301", "shop", NOON + 12 * 3_600 - 30));
    }

    @Test
    void callsThatCountNothingUnder3scalesNamesAreNoTraffic() {
        assertThat(authrep(product(), "", NOON)).isEmpty();
        assertThat(authrep(product(), "hits=0", NOON)).isEmpty();
        call.begin(product(), Call.Kind.AUTHREP, NOON).appId("shop").logCode(200);
        assertThat(house.decide(call)).isInstanceOf(Decision.Granted.class);
        assertThat(house.journal.written()).hasSize(1);
        assertThat(fresh()).isEmpty();
        call.begin(product(), Call.Kind.AUTHORIZE, NOON).appId("shop");
        call.usage().name("hits", "1");
        assertThat(house.decide(call)).isInstanceOf(Decision.Granted.class);
        assertThat(fresh()).isEmpty();
    }

    @Test
    void aSetThatChangesNothingIsTrafficAllTheSame() {
        assertThat(authrep(product(), "hits=#0", NOON)).hasSize(2);
        assertThat(house.eternity(1, HITS)).isZero();
    }

    @Test
    void aReportOfYesterdayIsTrafficOfToday() {
        assertThat(report(product(), NOON, "shop", "hits=1", NOON - DAY))
                .containsExactly(
                        new Event.FirstTraffic("7301", "shop", NOON), new Event.FirstDailyTraffic("7301", "shop", NOON));
        assertThat(report(product(), NOON, "shop", "hits=1", NOON)).isEmpty();
    }

    @Test
    void anApplicationThatWasDeletedAndCreatedAgainIsNotNew() {
        authrep(product(), "hits=1", NOON);
        house.change(new CatalogChange.ApplicationDeleted("7301", "shop"));
        house.change(new CatalogChange.ApplicationSaved(application(1, "shop")));
        assertThat(authrep(product(), "hits=1", NOON + 60)).isEmpty();
    }

    // ---- alerts

    @Test
    void anAlertTellsTheBinTheRatioAndTheLimit() {
        Product product = product(bins(50, 100), limit("41", Period.DAY, 10));
        authrep(product, "hits=4", NOON);
        assertThat(authrep(product, "hits=2", NOON))
                .containsExactly(new Event.Alert("7301", "shop", NOON, 50, 0.6, "hits per day: 6/10"));
        assertThat(authrep(product, "hits=4", NOON))
                .containsExactly(new Event.Alert("7301", "shop", NOON, 100, 1.0, "hits per day: 10/10"));
    }

    @Test
    void ofSeveralLimitsTheOneUsedUpMostCounts() {
        Product product = product(
                bins(50),
                limit("41", Period.ETERNITY, 1_000),
                limit("44", Period.MONTH, 4),
                limit("44", Period.MINUTE, 0));
        authrep(product("2"), "hits=1", NOON);
        assertThat(authrep(product, "hits=499", NOON)).containsExactly(alert(50, 0.5, "hits per eternity: 500/1000"));
        house.with(application(3, "third"));
        report(product("2"), NOON, "third", "hits=600&exports=3", NOON);
        assertThat(report(product, NOON, "third", "a=1", NOON))
                .containsExactly(new Event.Alert("7301", "third", NOON, 50, 0.75, "exports per month: 3/4"));
    }

    @Test
    void withoutEnabledBinsNothingIsAnnounced() {
        Product product = product(0, limit("41", Period.DAY, 1));
        authrep(product, "hits=1", NOON);
        assertThat(report(product, NOON, "shop", "hits=100", NOON)).isEmpty();
    }

    @Test
    void theBinZeroCanBeEnabledButNeverFires() {
        Product product = product(bins(0), limit("41", Period.DAY, 10));
        authrep(product, "hits=1", NOON);
        assertThat(authrep(product, "hits=1", NOON)).isEmpty();
        Product both = product(bins(0, 90), limit("41", Period.DAY, 10));
        assertThat(authrep(both, "hits=1", NOON)).isEmpty();
    }

    @Test
    void aJumpOverAnEnabledBinAnnouncesTheHighestEnabledOne() {
        Product product = product(bins(50, 90), limit("41", Period.DAY, 100));
        authrep(product("2"), "hits=40", NOON);
        assertThat(report(product, NOON, "shop", "hits=61", NOON)).containsExactly(alert(90, 1.01, "hits per day: 101/100"));
        assertThat(report(product, NOON, "shop", "hits=1", NOON)).isEmpty();
    }

    @Test
    void underTheOriginalsRuleAJumpIntoABinThatIsNotEnabledAnnouncesNothing() {
        House original = new House(AlertRule.TOP_BIN).with(application(1, "shop"));
        Product product = product(bins(50, 90), limit("41", Period.DAY, 100));
        assertThat(report(original, product, NOON, "shop", "hits=40", NOON)).hasSize(2);
        assertThat(report(original, product, NOON, "shop", "hits=61", NOON)).isEmpty();
        assertThat(report(original, product, NOON, "shop", "hits=#55", NOON)).hasSize(1);
        assertThat(report(original, product, NOON, "shop", "hits=#95", NOON)).containsExactly(alert(90, 0.95, "hits per day: 95/100"));
    }

    @Test
    void aBinIsAnnouncedOncePerDayWhateverPeriodOrMetric() {
        Product product = product(bins(50, 80), limit("41", Period.MINUTE, 10), limit("44", Period.MONTH, 10));
        authrep(product("2"), "hits=1", NOON);
        assertThat(authrep(product, "hits=4", NOON)).hasSize(1);
        assertThat(authrep(product, "hits=6", NOON + 60)).as("another minute").isEmpty();
        assertThat(authrep(product, "exports=5", NOON + 120)).as("another metric").isEmpty();
        assertThat(authrep(product, "exports=3", NOON + 120)).as("another bin").hasSize(1);
        long later = NOON + DAY;
        assertThat(authrep(product, "exports=1", later - 1)).hasSize(1).first().isInstanceOf(Event.FirstDailyTraffic.class);
        // The highest enabled bin, 80, was announced less than 24 h ago.
        assertThat(authrep(product, "a=1", later)).isEmpty();
        assertThat(authrep(product, "a=1", later + 120))
                .containsExactly(new Event.Alert("7301", "shop", later + 120, 80, 0.9, "exports per month: 9/10"));
    }

    @Test
    void whenTheUtilizationFallsALowerBinCanStillBeAnnounced() {
        Product product = product(bins(50, 80, 100), limit("41", Period.MINUTE, 10));
        authrep(product("2"), "a=1", NOON - 60);
        assertThat(authrep(product, "hits=8", NOON)).containsExactly(alert(80, 0.8, "hits per minute: 8/10"));
        assertThat(authrep(product, "hits=6", NOON + 60)).hasSize(1);
    }

    @Test
    void aReportIsLookedAtOncePerApplicationAfterAllItsTransactions() {
        Product product = product(bins(50, 80, 100), limit("41", Period.DAY, 10));
        Report report = new Report(product, NOON, false, null, new House.Waiting());
        for (int i = 0; i < 10; i++) {
            report.add().appId("shop").usage().name("hits", "1");
            report.add().appId("kiosk").usage().name("exports", "1");
        }
        assertThat(house.report(report)).isInstanceOf(ReportOutcome.Counted.class);
        assertThat(fresh())
                .containsExactlyInAnyOrder(
                        new Event.FirstTraffic("7301", "shop", NOON),
                        new Event.FirstDailyTraffic("7301", "shop", NOON),
                        alert(100, 1.0, "hits per day: 10/10"),
                        new Event.FirstTraffic("7301", "kiosk", NOON),
                        new Event.FirstDailyTraffic("7301", "kiosk", NOON));
    }

    @Test
    void onlyCurrentPeriodsCountForAlerts() {
        Product product = product(bins(50), limit("41", Period.DAY, 10));
        assertThat(report(product, NOON, "shop", "hits=10", NOON - DAY)).hasSize(2).noneMatch(Event.Alert.class::isInstance);
        assertThat(report(product, NOON, "shop", "hits=5", NOON - 3_600)).hasSize(1);
    }

    // ---- taking back

    @Test
    void aCallThatTheJournalRefusedIsTrafficWhenItComesAgain() {
        Product product = product(bins(50), limit("41", Period.DAY, 2));
        house.journal.refuseWith(UsageJournal.FULL);
        call.begin(product, Call.Kind.AUTHREP, NOON).appId("shop").waiter(new House.Waiting());
        call.usage().name("hits", "1");
        assertThat(house.decide(call)).isInstanceOf(Decision.Unavailable.class);
        house.journal.refuseWith(0);
        assertThat(authrep(product, "hits=1", NOON)).hasSize(3);
    }

    @Test
    void whatIsTakenBackHappensAgain() {
        Product product = product(bins(50), limit("41", Period.DAY, 2));
        authrep(product, "hits=1", NOON);
        authrep(product, "hits=1", NOON + DAY);
        List<JournalRow> rows = house.journal.written();
        rows.forEach(house.applications::undo);
        assertThat(authrep(product, "hits=1", NOON + DAY))
                .hasSize(3)
                .first()
                .isEqualTo(new Event.FirstTraffic("7301", "shop", NOON + DAY));
    }

    @Test
    void takingBackTodaysLeavesFirstTrafficAlone() {
        authrep(product(), "hits=1", NOON);
        authrep(product(), "hits=1", NOON + DAY);
        house.applications.undo(house.journal.written().get(1));
        assertThat(authrep(product(), "hits=1", NOON + DAY + 1))
                .containsExactly(new Event.FirstDailyTraffic("7301", "shop", NOON + DAY + 1));
    }

    // ---- helpers

    private static Product product(UsageLimit... limits) {
        return product(0, limits);
    }

    private static Product product(String backendVersion) {
        return House.product(backendVersion);
    }

    private static Product product(int bins, UsageLimit... limits) {
        return new Product(
                new ProductSettings(1, "7301", "pk", "2", true, false),
                List.of(
                        new Metric(HITS, "41", "hits", null),
                        new Metric(A, "42", "a", "41"),
                        new Metric(B, "43", "b", "41"),
                        new Metric(EXPORTS, "44", "exports", null)),
                List.of(limits),
                bins);
    }

    private static int bins(int... percentages) {
        int mask = 0;
        for (int percent : percentages) {
            mask |= AlertBins.mask(percent);
        }
        return mask;
    }

    private static Event alert(int bin, double ratio, String limit) {
        return new Event.Alert("7301", "shop", NOON, bin, ratio, limit);
    }

    /// The events of an in-process call.
    private List<Event> authrep(Product product, String usage, long now) {
        call.begin(product, Call.Kind.AUTHREP, now).appId("shop");
        add(call.usage(), usage);
        assertThat(house.decide(call)).isInstanceOf(Decision.Granted.class);
        return fresh();
    }

    private List<Event> report(Product product, long now, String application, String usage, long stamp) {
        List<Event> events = report(house, product, now, application, usage, stamp);
        read = house.journal.written().size();
        return events;
    }

    private static List<Event> report(
            House house, Product product, long now, String application, String usage, long stamp) {
        int before = house.journal.written().size();
        Report report = new Report(product, now, false, null, new House.Waiting());
        Report.Transaction transaction = report.add().appId(application).stamp(stamp);
        add(transaction.usage(), usage);
        assertThat(house.report(report)).isInstanceOf(ReportOutcome.Counted.class);
        return events(house.journal.written().subList(before, house.journal.written().size()));
    }

    private static void add(io.tollkeeper.core.usage.Usage usage, String text) {
        for (String pair : text.isEmpty() ? new String[0] : text.split("&")) {
            usage.name(pair.split("=")[0], pair.split("=")[1]);
        }
    }

    /// Events of rows that were not looked at yet.
    private List<Event> fresh() {
        List<JournalRow> rows = house.journal.written();
        List<Event> events = events(rows.subList(read, rows.size()));
        read = rows.size();
        return events;
    }

    private static List<Event> events(List<JournalRow> rows) {
        List<Event> events = new ArrayList<>();
        for (JournalRow row : rows) {
            row.notices().stream().map(Notice::event).forEach(events::add);
        }
        return events;
    }
}
