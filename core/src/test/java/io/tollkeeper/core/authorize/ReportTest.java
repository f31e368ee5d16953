package io.tollkeeper.core.authorize;

import java.util.List;
import java.util.Set;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.CounterKey;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.UsageJournal;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static io.tollkeeper.core.authorize.House.A;
import static io.tollkeeper.core.authorize.House.EXPORTS;
import static io.tollkeeper.core.authorize.House.HITS;
import static io.tollkeeper.core.authorize.House.NOON;
import static io.tollkeeper.core.authorize.House.application;
import static org.assertj.core.api.Assertions.assertThat;

class ReportTest {

    private static final ReportOutcome COUNTED = new ReportOutcome.Counted();
    private static final ReportOutcome NOTHING = new ReportOutcome.NothingToCount();

    private final House house = new House();
    private final Product product = House.product("2", false, false, House.limit("41", Period.DAY, 1));

    @BeforeEach
    void twoApplications() {
        house.with(application(1, "shop"));
        house.with(new Application(2, "7301", "idle", "suspended", "9", null, null, Set.of("k"), List.of()));
        house.stores.mapUserKey("7301", "uk", "idle");
    }

    @Test
    void aReportIsOneRowAndLooksAtNoLimitsKeysOrStates() {
        Report report = report();
        usage(report.add().appId("shop"), "a", "2");
        usage(report.add().userKey("uk"), "exports", "1");
        usage(report.add().appId("shop"), "a", "3");
        assertThat(house.report(report)).isEqualTo(COUNTED);
        assertThat(house.journal.written()).hasSize(1);
        assertThat(house.eternity(1, HITS)).isEqualTo(5);
        assertThat(house.eternity(2, EXPORTS)).isEqualTo(1);
        assertThat(house.restarted().eternity(1, A)).isEqualTo(5);
    }

    @Test
    void oneBadTransactionVoidsTheWholeReportAndAllAreNamedApplicationsFirst() {
        Report report = report();
        usage(report.add().appId("shop"), "a", "2");
        usage(report.add().appId("shop"), "a", "x");
        usage(report.add().appId("shop"), "ghost", "1");
        usage(report.add().appId("shop").stamp(NOON - 86_401), "a", "1");
        usage(report.add().appId("shop").stamp(NOON + 3_601), "a", "1");
        usage(report.add().appId("nobody"), "a", "1");
        usage(report.add().appId("shop").userKey(""), "a", "1");
        usage(report.add().userKey("wrong"), "a", "1");
        usage(report.add(), "a", "1");
        assertThat(house.report(report))
                .isEqualTo(new ReportOutcome.Voided(List.of(
                        fault(5, Reason.APPLICATION_NOT_FOUND, "application with id=\"nobody\" was not found"),
                        fault(6, Reason.AUTHENTICATION_ERROR, "either app_id or user_key is allowed, not both"),
                        fault(7, Reason.USER_KEY_INVALID, "user key \"wrong\" is invalid"),
                        fault(8, Reason.APPLICATION_NOT_FOUND, "application id is missing"),
                        fault(1, Reason.USAGE_VALUE_INVALID, "usage value \"x\" for metric \"a\" is invalid"),
                        fault(2, Reason.METRIC_INVALID, "metric \"ghost\" is invalid"),
                        fault(
                                3,
                                Reason.TRANSACTION_TOO_OLD,
                                "reporting transactions older than 86400 seconds is not allowed"),
                        fault(
                                4,
                                Reason.TRANSACTION_TOO_NEW,
                                "reporting transactions more than 3600 seconds in the future is not allowed"))));
        assertThat(house.journal.rows()).isEmpty();
        assertThat(house.eternity(1, HITS)).isZero();
    }

    @Test
    void theWindowOfTimestampsIsInclusive() {
        Report report = report();
        usage(report.add().appId("shop").stamp(NOON - 86_400), "a", "2");
        usage(report.add().appId("shop").stamp(NOON + 3_600), "a", "3");
        assertThat(house.report(report)).isEqualTo(COUNTED);
        assertThat(house.value(1, A, Period.DAY, NOON - 86_400, NOON)).isEqualTo(2);
        assertThat(house.value(1, A, Period.HOUR, NOON + 3_600, NOON)).isEqualTo(3);
        assertThat(house.value(1, A, Period.HOUR, NOON, NOON)).isZero();
    }

    @Test
    void zerosAreDroppedBeforeAnythingIsCheckedAndUsageLessTransactionsCountNothing() {
        Report report = report();
        usage(report.add().appId("shop"), "ghost", "0");
        report.add().appId("shop");
        assertThat(house.report(report)).isEqualTo(NOTHING);
        Report wrong = report();
        usage(wrong.add().appId("nobody"), "a", "0");
        assertThat(house.report(wrong)).isEqualTo(NOTHING);
        Report known = report();
        known.add().appId("nobody");
        assertThat(house.report(known)).isInstanceOf(ReportOutcome.Voided.class);
    }

    @Test
    void codesCountOncePerTransactionAndInOurFamilyEvenWithoutUsage() {
        Report report = report();
        usage(report.add().appId("shop").logCode(200), "a", "20");
        report.add().appId("shop").logCode(200);
        usage(report.add().appId("shop").logCode(302), "a", "1");
        assertThat(house.report(report)).isEqualTo(COUNTED);
        assertThat(house.eternity(1, CounterKey.responseCode(200))).isEqualTo(1);
        assertThat(house.eternity(1, CounterKey.responseClass(200))).isEqualTo(1);
        assertThat(house.eternity(1, CounterKey.status(200))).isEqualTo(2);
        assertThat(house.eternity(1, CounterKey.status(302))).isEqualTo(1);
    }

    @Test
    void setsOfOneReportFollowOneAnother() {
        Report report = report();
        usage(report.add().appId("shop"), "exports", "5");
        usage(report.add().appId("shop"), "exports", "#3");
        usage(report.add().appId("shop"), "exports", "4");
        usage(report.add().appId("shop"), "exports", "#9");
        assertThat(house.report(report)).isEqualTo(COUNTED);
        assertThat(house.eternity(1, EXPORTS)).isEqualTo(9);
        assertThat(house.restarted().eternity(1, EXPORTS)).isEqualTo(9);
    }

    @Test
    void aLateSetFirstLoadsTheSlotsThatItReplaces() {
        Report early = new Report(product, NOON - 7_200, false, null, null);
        usage(early.add().appId("shop"), "exports", "50");
        assertThat(house.report(early)).isEqualTo(COUNTED);
        Report now = report();
        usage(now.add().appId("shop"), "exports", "1");
        assertThat(house.report(now)).isEqualTo(COUNTED);
        house.snapshot();
        Report late = report();
        usage(late.add().appId("shop").stamp(NOON - 7_200), "exports", "#3");
        assertThat(house.authorizer.report(late)).isInstanceOf(ReportOutcome.NotLoaded.class);
        assertThat(house.report(late)).isEqualTo(COUNTED);
        assertThat(house.value(1, EXPORTS, Period.HOUR, NOON - 7_200, NOON)).isEqualTo(3);
        assertThat(house.value(1, EXPORTS, Period.HOUR, NOON, NOON)).isEqualTo(1);
        assertThat(house.value(1, EXPORTS, Period.DAY, NOON, NOON)).isEqualTo(3);
        house.snapshot();
        assertThat(house.value(1, EXPORTS, Period.HOUR, NOON - 7_200, NOON)).isEqualTo(3);
    }

    @Test
    void closedSlotsThatWereReadBeforeASnapshotWasWrittenAreReadAgain() {
        Report early = new Report(product, NOON - 7_200, false, null, null);
        usage(early.add().appId("shop"), "exports", "50");
        assertThat(house.report(early)).isEqualTo(COUNTED);
        Report late = report();
        usage(late.add().appId("shop").stamp(NOON - 7_200), "exports", "#3");
        assertThat(house.authorizer.report(late)).isInstanceOfSatisfying(ReportOutcome.NotLoaded.class, missing -> {
            house.stores.hold();
            House.Told told = new House.Told();
            missing.keys().forEach(key -> house.applications.load(key, told));
            house.snapshot();
            house.stores.release();
            assertThat(told.times).isEqualTo(1);
        });
        assertThat(house.report(late)).isEqualTo(COUNTED);
        assertThat(house.value(1, EXPORTS, Period.HOUR, NOON - 7_200, NOON)).isEqualTo(3);
    }

    @Test
    void whatTheJournalRefusesIsNotCounted() {
        house.journal.refuseWith(UsageJournal.FULL);
        Report report = report();
        usage(report.add().appId("shop"), "a", "2");
        usage(report.add().appId("idle"), "exports", "#2");
        assertThat(house.report(report)).isEqualTo(new ReportOutcome.Unavailable(Reason.OVERLOAD));
        assertThat(house.eternity(1, HITS)).isZero();
        assertThat(house.eternity(2, EXPORTS)).isZero();
    }

    @Test
    void numbersBeyond64BitsVoidTheReport() {
        Report report = report();
        usage(report.add().appId("shop"), "a", "9223372036854775808");
        assertThat(house.report(report))
                .isEqualTo(new ReportOutcome.Voided(List.of(fault(
                        0,
                        Reason.USAGE_VALUE_INVALID,
                        "usage value \"9223372036854775808\" for metric \"a\" is invalid"))));
    }

    private Report report() {
        return new Report(product, NOON, false, null, null);
    }

    private static void usage(Report.Transaction transaction, String metric, String value) {
        transaction.usage().name(metric, value);
    }

    private static ReportOutcome.Fault fault(int index, Reason reason, String message) {
        return new ReportOutcome.Fault(index, reason, message);
    }
}
