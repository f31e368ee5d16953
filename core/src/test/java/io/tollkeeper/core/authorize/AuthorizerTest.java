package io.tollkeeper.core.authorize;

import java.util.List;
import java.util.Set;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.CounterKey;
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
import static io.tollkeeper.core.authorize.House.product;
import static org.assertj.core.api.Assertions.assertThat;

class AuthorizerTest {

    private static final Decision PASSES = new Decision.Granted();

    private final House house = new House().with(application(1, "shop"));
    private final Call call = new Call();

    @Test
    void thirdCallOverADailyLimitOfTwoIsRefusedWithAReason() {
        Product product = product("2", limit("41", Period.DAY, 2));
        assertThat(authrep(product, "hits=1")).isEqualTo(PASSES);
        assertThat(authrep(product, "hits=1")).isEqualTo(PASSES);
        assertThat(authrep(product, "hits=1"))
                .isEqualTo(new Decision.Denied(
                        Reason.LIMIT,
                        "usage limits are exceeded",
                        "hits per day: 2 counted, this call adds 1, plan 9 allows 2; starts anew at 2026-11-21T00:00:00Z",
                        0));
        assertThat(house.eternity(1, HITS)).isEqualTo(2);
        assertThat(house.journal.written()).hasSize(2);
    }

    @Test
    void authorizeCountsNothingAndEqualToTheLimitIsAllowed() {
        Product product = product("2", limit("41", Period.DAY, 2));
        for (int i = 0; i < 5; i++) {
            assertThat(authorize(product, "hits=2")).isEqualTo(PASSES);
        }
        assertThat(authorize(product, "hits=3")).isInstanceOf(Decision.Denied.class);
        assertThat(house.journal.rows()).isEmpty();
    }

    @Test
    void withoutUsageEveryLimitIsComparedWithWhatIsStored() {
        Product product = product("2", limit("41", Period.DAY, 2), limit("44", Period.ETERNITY, 0));
        assertThat(authorize(product, "")).isEqualTo(PASSES);
        assertThat(authrep(product("2"), "exports=1")).isEqualTo(PASSES);
        assertThat(authorize(product, "")).isInstanceOf(Decision.Denied.class);
    }

    @Test
    void withUsageOnlyTheMetricsNamedAndTheirAncestorsMatter() {
        assertThat(authrep(product("2"), "exports=5&a=3")).isEqualTo(PASSES);
        Product product = product("2", limit("44", Period.ETERNITY, 1), limit("41", Period.DAY, 3));
        assertThat(authorize(product, "b=0")).isEqualTo(PASSES);
        assertThat(authorize(product, "b=1")).isInstanceOf(Decision.Denied.class);
        assertThat(authorize(product, "exports=0")).isInstanceOf(Decision.Denied.class);
        assertThat(authorize(product("2", limit("42", Period.DAY, 0)), "hits=9")).isEqualTo(PASSES);
    }

    @Test
    void aSetBelowAnExceededLimitIsAllowedAndReplacesTheCount() {
        assertThat(authrep(product("2"), "hits=50")).isEqualTo(PASSES);
        Product product = product("2", limit("41", Period.DAY, 10));
        assertThat(authrep(product, "hits=#11")).isInstanceOf(Decision.Denied.class);
        assertThat(authrep(product, "hits=#1")).isEqualTo(PASSES);
        assertThat(call.before(0)).isEqualTo(50);
        assertThat(call.current(0)).isEqualTo(1);
        assertThat(house.eternity(1, HITS)).isEqualTo(1);
    }

    @Test
    void aCallThatExceedsCountsNothingOfItsOtherMetrics() {
        Product product = product("2", limit("44", Period.DAY, 1));
        assertThat(authrep(product, "exports=2&hits=1")).isInstanceOf(Decision.Denied.class);
        assertThat(house.eternity(1, HITS)).isZero();
    }

    @Test
    void shownValuesIncludeTheCallAndItsDescendantsOnlyWhenItWasCounted() {
        Product product = product("2", limit("41", Period.MONTH, 100), limit("44", Period.MONTH, 5));
        assertThat(authrep(product, "hits=2&a=5")).isEqualTo(PASSES);
        assertThat(call.before(0)).isZero();
        assertThat(call.current(0)).isEqualTo(7);
        assertThat(call.current(1)).isZero();
        assertThat(authorize(product, "hits=2")).isEqualTo(PASSES);
        assertThat(call.current(0)).isEqualTo(7);
    }

    @Test
    void shownValuesTakeEachValueInTurnEvenWhereCountingDoesNot() {
        Product product = product("2", limit("41", Period.MONTH, 100));
        assertThat(authrep(product, "hits=40")).isEqualTo(PASSES);
        assertThat(authrep(product, "a=#1&b=2")).isEqualTo(PASSES);
        assertThat(call.current(0)).isEqualTo(3);
        assertThat(house.eternity(1, HITS)).isEqualTo(42);
    }

    @Test
    void flatUsageIsNotPropagatedButShownAsIfItWere() {
        Product product = product("2", limit("41", Period.MONTH, 100));
        ask(product, Call.Kind.AUTHREP, "a=5").flatUsage();
        assertThat(house.decide(call)).isEqualTo(PASSES);
        assertThat(house.eternity(1, HITS)).isZero();
        assertThat(house.eternity(1, A)).isEqualTo(5);
        assertThat(call.current(0)).isEqualTo(5);
    }

    @Test
    void codesCountUnderTheOriginalsNamesOnlyWithUsageAndInOurFamilyAlways() {
        Product product = product("2");
        house.decide(ask(product, Call.Kind.AUTHREP, "hits=3").logCode(200));
        house.decide(ask(product, Call.Kind.AUTHREP, "hits=1").logCode(301));
        house.decide(ask(product, Call.Kind.AUTHREP, "").logCode(404));
        house.decide(ask(product, Call.Kind.AUTHREP, "hits=0").logCode(503));
        house.decide(ask(product, Call.Kind.AUTHORIZE, "hits=1").logCode(200));
        assertThat(house.eternity(1, CounterKey.responseClass(200))).isEqualTo(1);
        assertThat(house.eternity(1, CounterKey.responseCode(200))).isEqualTo(1);
        assertThat(house.eternity(1, CounterKey.responseClass(404))).isZero();
        assertThat(house.eternity(1, CounterKey.responseClass(503))).isZero();
        assertThat(house.eternity(1, CounterKey.status(200))).isEqualTo(1);
        assertThat(house.eternity(1, CounterKey.status(301))).isEqualTo(1);
        assertThat(house.eternity(1, CounterKey.status(404))).isEqualTo(1);
        assertThat(house.eternity(1, CounterKey.status(503))).isEqualTo(1);
    }

    @Test
    void nothingToCountIsNotJournalled() {
        Product product = product("2");
        assertThat(authrep(product, "")).isEqualTo(PASSES);
        assertThat(call.counted()).isFalse();
        assertThat(authrep(product, "hits=0")).isEqualTo(PASSES);
        assertThat(house.journal.rows()).isEmpty();
        assertThat(authrep(product, "hits=1")).isEqualTo(PASSES);
        assertThat(call.counted()).isTrue();
    }

    @Test
    void callsWithAWaiterAreRowsOfTheirOwnAndOthersMayBeMerged() {
        Product product = product("2");
        house.decide(ask(product, Call.Kind.AUTHREP, "hits=1").waiter(new House.Waiting()));
        house.decide(ask(product, Call.Kind.AUTHREP, "hits=1"));
        assertThat(house.journal.rows())
                .extracting(JournalRow::kind)
                .containsExactly(JournalRow.Kind.CALL, JournalRow.Kind.MERGEABLE);
    }

    @Test
    void usageFaultsSurfaceLastUnlessNoBodyAsksForMetricsFirst() {
        house.with(new Application(2, "7301", "keyed", "active", "9", null, null, Set.of("k"), List.of()));
        Product product = product("2");
        assertReason(house.decide(ask(product, Call.Kind.AUTHREP, "ghost=1").appId("keyed")), Reason.APPLICATION_KEY_INVALID);
        assertReason(
                house.decide(ask(product, Call.Kind.AUTHREP, "ghost=1").appId("keyed").noBody()), Reason.METRIC_INVALID);
        assertReason(house.decide(ask(product, Call.Kind.AUTHREP, "ghost=x").appId("keyed").appKey("k")), Reason.USAGE_VALUE_INVALID);
    }

    @Test
    void numbersBeyond64BitsAreComparedExactlyAndNeverStored() {
        Product unlimited = product("2");
        assertThat(authorize(unlimited, "hits=99999999999999999999")).isEqualTo(PASSES);
        assertReason(authrep(unlimited, "hits=99999999999999999999"), Reason.USAGE_VALUE_INVALID);
        Product limited = product("2", limit("41", Period.DAY, Long.MAX_VALUE));
        assertReason(authorize(limited, "hits=9223372036854775808"), Reason.LIMIT);
        assertThat(authorize(limited, "hits=9223372036854775807")).isEqualTo(PASSES);
        assertThat(authrep(limited, "hits=9223372036854775807")).isEqualTo(PASSES);
        assertReason(authorize(limited, "hits=1"), Reason.LIMIT);
        assertThat(authrep(unlimited, "hits=5")).isEqualTo(PASSES);
        assertThat(house.eternity(1, HITS)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void anUnwritableJournalRefusesToCountButStillAuthorizes() {
        Product product = product("2", limit("41", Period.DAY, 2));
        house.journal.refuseWith(UsageJournal.UNWRITABLE);
        assertThat(authrep(product, "hits=1&exports=#4")).isEqualTo(new Decision.Unavailable(Reason.STORE_UNWRITABLE));
        assertThat(house.eternity(1, HITS)).isZero();
        assertThat(house.eternity(1, EXPORTS)).isZero();
        assertThat(authorize(product, "hits=1")).isEqualTo(PASSES);
        house.journal.refuseWith(UsageJournal.FULL);
        assertThat(authrep(product, "hits=1")).isEqualTo(new Decision.Unavailable(Reason.OVERLOAD));
        house.journal.refuseWith(0);
        assertThat(authrep(product, "hits=2")).isEqualTo(PASSES);
        assertThat(house.eternity(1, HITS)).isEqualTo(2);
    }

    @Test
    void whatAFailedCommitTookBackCanBeUsedAgain() {
        Product product = product("2", limit("41", Period.ETERNITY, 10));
        assertThat(authrep(product, "hits=3")).isEqualTo(PASSES);
        assertThat(authrep(product, "hits=#10")).isEqualTo(PASSES);
        assertThat(authrep(product, "hits=1")).isInstanceOf(Decision.Denied.class);
        house.applications.undo(house.journal.rows().get(1));
        house.applications.quiesce();
        assertThat(house.eternity(1, HITS)).isEqualTo(3);
        assertThat(authrep(product, "hits=7")).isEqualTo(PASSES);
    }

    @Test
    void aNewPeriodStartsAtZeroAndEternityGoesOn() {
        Product product = product("2", limit("41", Period.MINUTE, 1), limit("41", Period.ETERNITY, 2));
        assertThat(authrep(product, "hits=1")).isEqualTo(PASSES);
        assertThat(authrep(product, "hits=1")).isInstanceOf(Decision.Denied.class);
        Call later = ask(product, Call.Kind.AUTHREP, "hits=1");
        later.now = NOON + 60;
        assertThat(house.decide(later)).isEqualTo(PASSES);
        later = ask(product, Call.Kind.AUTHREP, "hits=1");
        later.now = NOON + 120;
        assertThat(house.decide(later)).isInstanceOfSatisfying(Decision.Denied.class, denied -> assertThat(denied.limit())
                .isZero());
    }

    @Test
    void replayAfterASnapshotAndAfterNoneGivesTheSameCounters() {
        Product product = product("2");
        authrep(product, "a=2&exports=#7");
        house.snapshot();
        authrep(product, "a=3&exports=#5");
        authrep(product, "b=1");
        House next = house.restarted();
        for (int key : new int[] {HITS, A, B, EXPORTS}) {
            for (Period period : Period.values()) {
                assertThat(next.value(1, key, period, NOON, NOON))
                        .as("%s %s", key, period)
                        .isEqualTo(house.value(1, key, period, NOON, NOON));
            }
        }
        assertThat(next.eternity(1, HITS)).isEqualTo(6);
        assertThat(next.eternity(1, EXPORTS)).isEqualTo(5);
    }

    @Test
    void aClockThatGoesBackAnHourLoadsWhatWasCountedInThatHour() {
        Product product = product("2", limit("41", Period.HOUR, 10));
        Call call = ask(product, Call.Kind.AUTHREP, "hits=8");
        call.now = NOON - 3_600;
        assertThat(house.decide(call)).isEqualTo(PASSES);
        assertThat(authrep(product, "hits=1")).isEqualTo(PASSES);
        house.snapshot();
        call = ask(product, Call.Kind.AUTHREP, "hits=3");
        call.now = NOON - 3_600;
        assertThat(house.authorizer.decide(call)).isInstanceOf(Decision.NotLoaded.class);
        assertThat(house.decide(call)).isInstanceOf(Decision.Denied.class);
        assertThat(call.before(0)).isEqualTo(8);
    }

    @Test
    void aCopyThatIncludesWhatIsTakenBackIsFollowedByAnotherWithoutIt() {
        Product product = product("2");
        authrep(product, "hits=3");
        house.snapshot();
        assertThat(house.applications.dirty()).isZero();
        house.applications.undo(house.journal.written().getFirst());
        assertThat(house.applications.dirty()).isEqualTo(1);
        house.snapshot();
        assertThat(house.eternity(1, HITS)).isZero();
    }

    private Call ask(Product product, Call.Kind kind, String usage) {
        call.begin(product, kind, NOON).appId("shop");
        for (String pair : usage.split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                call.usage().name(pair.substring(0, equals), pair.substring(equals + 1));
            }
        }
        return call;
    }

    private Decision authrep(Product product, String usage) {
        return house.decide(ask(product, Call.Kind.AUTHREP, usage));
    }

    private Decision authorize(Product product, String usage) {
        return house.decide(ask(product, Call.Kind.AUTHORIZE, usage));
    }

    private static void assertReason(Decision decision, Reason reason) {
        assertThat(decision).isInstanceOfSatisfying(Decision.Denied.class, denied -> assertThat(denied.reason())
                .isEqualTo(reason));
    }
}
