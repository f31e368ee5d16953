package io.tollkeeper.core.authorize;

import java.util.List;
import java.util.Set;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.UsageSnapshot;
import org.junit.jupiter.api.Test;

import static io.tollkeeper.core.authorize.House.HITS;
import static io.tollkeeper.core.authorize.House.NOON;
import static io.tollkeeper.core.authorize.House.application;
import static org.assertj.core.api.Assertions.assertThat;

class ApplicationsTest {

    private final House house = new House();
    private final Product byId = House.product("2");
    private final Product byUserKey = House.product("1");

    @Test
    void anApplicationIsLoadedOnceHoweverManyWaitForIt() {
        house.with(application(1, "shop"));
        house.stores.hold();
        House.Told first = new House.Told();
        House.Told second = new House.Told();
        LoadKey key = new LoadKey.ById("7301", "shop");
        assertThat(house.applications.load(key, first)).isTrue();
        assertThat(house.applications.load(key, second)).isTrue();
        house.stores.release();
        assertThat(house.stores.loads()).isEqualTo(1);
        assertThat(first.times + second.times).isEqualTo(2);
        assertThat(house.authorizer.decide(call(byId, "shop"))).isInstanceOf(Decision.Granted.class);
    }

    @Test
    void unknownIdsAreReadOnceAndFoundAsSoonAsTheyAreCreated() {
        assertReason(house.decide(call(byId, "ghost")), Reason.APPLICATION_NOT_FOUND);
        assertReason(house.decide(call(byId, "ghost")), Reason.APPLICATION_NOT_FOUND);
        assertThat(house.stores.loads()).isEqualTo(1);
        create(application(7, "ghost"));
        assertThat(house.decide(call(byId, "ghost"))).isInstanceOf(Decision.Granted.class);
    }

    @Test
    void negativeEntriesAreBounded() {
        for (int i = 0; i <= Applications.MAX_ABSENT + 10; i++) {
            house.load(new LoadKey.ById("7301", "ghost" + i));
        }
        Members members = house.applications.members("7301");
        assertThat(members.absentIds.size()).isLessThan(20);
        assertReason(house.decide(call(byId, "ghost5")), Reason.APPLICATION_NOT_FOUND);
    }

    @Test
    void userKeysLeadToTheirApplicationUntilTheyAreTakenAway() {
        house.with(application(1, "shop"));
        house.stores.mapUserKey("7301", "uk", "shop");
        assertThat(house.decide(userCall("uk"))).isInstanceOf(Decision.Granted.class);
        assertDenied(house.decide(userCall("wrong")), "user key \"wrong\" is invalid");
        house.stores.remove("7301", "nobody");
        house.change(new CatalogChange.UserKeyDeleted("7301", "uk"));
        house.stores.mapUserKey("7301", "uk", "elsewhere");
        assertDenied(house.decide(userCall("uk")), "application with id=\"elsewhere\" was not found");
        house.with(application(2, "elsewhere"));
        house.change(new CatalogChange.ApplicationSaved(application(2, "elsewhere")));
        assertThat(house.decide(userCall("uk"))).isInstanceOf(Decision.Granted.class);
    }

    @Test
    void aNewUserKeyWorksAtOnceThoughItWasRefusedBefore() {
        house.with(application(1, "shop"));
        assertReason(house.decide(userCall("uk")), Reason.USER_KEY_INVALID);
        house.stores.mapUserKey("7301", "uk", "shop");
        house.change(new CatalogChange.UserKeySaved("7301", "uk", "shop"));
        assertThat(house.decide(userCall("uk"))).isInstanceOf(Decision.Granted.class);
    }

    @Test
    void aChangedDefinitionIsSeenAtOnceAndItsUsageStays() {
        create(application(1, "shop"));
        count("shop", 5);
        house.change(new CatalogChange.ApplicationSaved(suspended(1, "shop")));
        assertReason(house.decide(call(byId, "shop")), Reason.APPLICATION_NOT_ACTIVE);
        house.change(new CatalogChange.ApplicationSaved(application(1, "shop")));
        house.change(new CatalogChange.ApplicationKeyAdded("7301", "shop", "k1"));
        assertReason(house.decide(call(byId, "shop")), Reason.APPLICATION_KEY_INVALID);
        assertThat(house.decide(call(byId, "shop").appKey("k1"))).isInstanceOf(Decision.Granted.class);
        house.change(new CatalogChange.ApplicationKeyRemoved("7301", "shop", "k1"));
        assertThat(house.decide(call(byId, "shop"))).isInstanceOf(Decision.Granted.class);
        assertThat(house.eternity(1, HITS)).isEqualTo(5);
    }

    @Test
    void aLoadThatReadBeforeAChangeDoesNotBringTheOldDefinitionBack() {
        house.with(application(1, "shop"));
        house.stores.hold();
        House.Told told = new House.Told();
        assertThat(house.applications.load(new LoadKey.ById("7301", "shop"), told)).isTrue();
        house.with(suspended(1, "shop"));
        house.change(new CatalogChange.ApplicationSaved(suspended(1, "shop")));
        house.stores.release();
        assertThat(told.times).isEqualTo(1);
        assertThat(house.stores.loads()).isEqualTo(2);
        assertReason(house.authorizer.decide(call(byId, "shop")), Reason.APPLICATION_NOT_ACTIVE);
    }

    @Test
    void aUserKeyLoadThatReadBeforeItsDeletionIsRepeated() {
        house.with(application(1, "shop"));
        house.stores.mapUserKey("7301", "uk", "shop");
        house.stores.hold();
        House.Told told = new House.Told();
        assertThat(house.applications.load(new LoadKey.ByUserKey("7301", "uk"), told)).isTrue();
        house.stores.remove("7301", "shop");
        house.change(new CatalogChange.ApplicationDeleted("7301", "shop"));
        house.stores.release();
        assertReason(house.authorizer.decide(userCall("uk")), Reason.USER_KEY_INVALID);
    }

    @Test
    void changesOfOthersDoNotRepeatALoad() {
        house.with(application(1, "shop"));
        house.stores.hold();
        house.applications.load(new LoadKey.ById("7301", "shop"), new House.Told());
        house.change(new CatalogChange.ApplicationSaved(application(2, "other")));
        house.stores.release();
        assertThat(house.stores.loads()).isEqualTo(1);
    }

    @Test
    void aDeletedAndRecreatedApplicationKeepsItsCountersButNotItsKeys() {
        Application keyed = application(1, "shop").withKeys(Set.of("old"));
        create(keyed);
        house.stores.mapUserKey("7301", "uk", "shop");
        assertThat(house.decide(userCall("uk"))).isInstanceOf(Decision.Granted.class);
        Call call = call(byId, "shop").appKey("old");
        call.kind = Call.Kind.AUTHREP;
        call.usage().add(HITS, 4);
        assertThat(house.decide(call)).isInstanceOf(Decision.Granted.class);
        house.stores.remove("7301", "shop");
        house.change(new CatalogChange.ApplicationDeleted("7301", "shop"));
        assertReason(house.decide(call(byId, "shop")), Reason.APPLICATION_NOT_FOUND);
        assertReason(house.decide(userCall("uk")), Reason.USER_KEY_INVALID);
        create(application(1, "shop"));
        assertThat(house.decide(call(byId, "shop"))).isInstanceOf(Decision.Granted.class);
        assertReason(house.decide(userCall("uk")), Reason.USER_KEY_INVALID);
        assertThat(house.eternity(1, HITS)).isEqualTo(4);
    }

    @Test
    void anApplicationLeavesMemoryOnlyWhenItsSnapshotIncludesItsLastRow() {
        create(application(1, "shop"));
        count("shop", 3);
        assertThat(house.applications.evict(0, NOON + 10)).isZero();
        var copies = house.applications.copyDirty(house.journal, 10);
        assertThat(house.applications.evict(0, NOON + 10)).isZero();
        house.stores.write(copies);
        house.applications.written(copies);
        assertThat(house.applications.evict(0, NOON + 10)).isEqualTo(1);
        assertThat(house.applications.resident()).isZero();
        count("shop", 2);
        assertThat(house.eternity(1, HITS)).isEqualTo(5);
    }

    @Test
    void aLoadThatReadUsageBeforeTheApplicationCameAndWentIsRepeated() {
        create(application(1, "shop"));
        house.stores.mapUserKey("7301", "uk", "shop");
        assertThat(house.decide(call(byId, "shop"))).isInstanceOf(Decision.Granted.class);
        house.stores.hold();
        House.Told told = new House.Told();
        assertThat(house.applications.load(new LoadKey.ByUserKey("7301", "uk"), told)).isTrue();
        count("shop", 3);
        house.snapshot();
        assertThat(house.applications.evict(0, NOON + 10)).isEqualTo(1);
        house.stores.release();
        assertThat(told.times).isEqualTo(1);
        assertThat(house.decide(userCall("uk"))).isInstanceOf(Decision.Granted.class);
        assertThat(house.eternity(1, HITS)).isEqualTo(3);
    }

    @Test
    void theLeastRecentlyUsedLeaveFirstAndThoseInUseStay() {
        for (int i = 0; i < 5; i++) {
            create(application(i, "app" + i));
            Call call = call(byId, "app" + i);
            call.now = NOON + i * 10L;
            assertThat(house.decide(call)).isInstanceOf(Decision.Granted.class);
        }
        long all = house.applications.weight();
        assertThat(house.applications.evict(all * 3 / 5, NOON + 60)).isEqualTo(2);
        assertThat(house.applications.isResident(0)).isFalse();
        assertThat(house.applications.isResident(1)).isFalse();
        assertThat(house.applications.weight()).isEqualTo(all * 3 / 5);
    }

    @Test
    void whoCameInAndWasNotUsedYetStaysOnce() {
        create(application(1, "shop"));
        house.load(new LoadKey.ById("7301", "shop"));
        assertThat(house.applications.evict(0, NOON)).isZero();
        assertThat(house.applications.evict(0, NOON + 1)).isEqualTo(1);
        assertThat(house.applications.weight()).isZero();
    }

    @Test
    void whatChangedIsCopiedInTheOrderOfItsNumbers() {
        for (int i = 4; i >= 0; i--) {
            create(application(i, "app" + i));
            count("app" + i, 1);
        }
        house.applications.arrangeDirty();
        assertThat(house.applications.copyDirty(house.journal, 3)).extracting(UsageSnapshot::number)
                .containsExactly(0L, 1L, 2L);
        assertThat(house.applications.copyDirty(house.journal, 3)).extracting(UsageSnapshot::number)
                .containsExactly(3L, 4L);
    }

    @Test
    void journalRowsAreNeededUntilASnapshotIncludesThem() {
        create(application(1, "shop"));
        create(application(2, "other"));
        assertThat(house.applications.oldestUncovered(house.journal.next())).isEqualTo(1);
        count("shop", 1);
        count("other", 1);
        count("shop", 1);
        assertThat(house.applications.dirty()).isEqualTo(2);
        assertThat(house.applications.oldestUncovered(house.journal.next())).isEqualTo(1);
        var first = house.applications.copyDirty(house.journal, 1);
        assertThat(house.applications.oldestUncovered(house.journal.next())).isEqualTo(1);
        house.applications.written(first);
        assertThat(house.applications.oldestUncovered(house.journal.next())).isEqualTo(2);
        var second = house.applications.copyDirty(house.journal, 1);
        count("other", 1);
        house.applications.notWritten(second);
        assertThat(house.applications.oldestUncovered(house.journal.next())).isEqualTo(2);
        house.snapshot();
        assertThat(house.applications.oldestUncovered(house.journal.next())).isEqualTo(house.journal.next());
        assertThat(house.applications.dirty()).isZero();
    }

    @Test
    void aFullLoaderAndABrokenStoreAreToldApart() {
        house.stores.full(true);
        House.Told told = new House.Told();
        assertThat(house.applications.load(new LoadKey.ById("7301", "x"), told)).isFalse();
        assertThat(told.times).isZero();
        house.stores.full(false);
        house.stores.broken(true);
        assertThat(house.applications.load(new LoadKey.ById("7301", "x"), told)).isTrue();
        assertThat(told.answers).isEqualTo(List.of(Reason.STORE_UNREADABLE));
        house.stores.broken(false);
        assertReason(house.decide(call(byId, "x")), Reason.APPLICATION_NOT_FOUND);
    }

    private void create(Application application) {
        house.with(application);
        house.change(new CatalogChange.ApplicationSaved(application));
    }

    private void count(String id, long amount) {
        Call call = call(byId, id);
        call.kind = Call.Kind.AUTHREP;
        call.usage().add(HITS, amount);
        assertThat(house.decide(call)).isInstanceOf(Decision.Granted.class);
    }

    private static Application suspended(long number, String id) {
        return new Application(number, "7301", id, "suspended", "9", null, null, Set.of(), List.of());
    }

    private static Call call(Product product, String id) {
        return new Call().begin(product, Call.Kind.AUTHORIZE, NOON).appId(id);
    }

    private Call userCall(String key) {
        return new Call().begin(byUserKey, Call.Kind.AUTHORIZE, NOON).userKey(key);
    }

    private static void assertReason(Decision decision, Reason reason) {
        assertThat(decision).isInstanceOfSatisfying(Decision.Denied.class, denied -> assertThat(denied.reason())
                .isEqualTo(reason));
    }

    private static void assertDenied(Decision decision, String message) {
        assertThat(decision).isInstanceOfSatisfying(Decision.Denied.class, denied -> assertThat(denied.message())
                .isEqualTo(message));
    }
}
