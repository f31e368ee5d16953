package io.tollkeeper.core.authorize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Blank;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.Usage;
import io.tollkeeper.core.usage.UsageFault;
import org.jspecify.annotations.Nullable;

/// One attempt to count a report: its transactions resolved and checked, grouped by application. Section 13 of the
/// specification: the first fault counts, those of applications before those of usage before those of timestamps.
final class ReportPlan {

    private static final long OLDEST = 86_400;
    /// A batch waits on its gateway's disk while the meter is away; ids of batches are known for as long.
    private static final long OLDEST_OF_BATCH = 7 * 86_400;
    private static final long NEWEST = 3_600;

    /// A valid transaction and its application.
    record Entry(int index, Report.Transaction transaction, ResidentApplication resident) {}

    private final Report report;
    private final Product product;
    private final Members members;
    private final Map<ResidentApplication, List<Entry>> groups = new LinkedHashMap<>();
    private final List<ReportOutcome.Fault> faults = new ArrayList<>();
    private final Set<LoadKey> toLoad = new LinkedHashSet<>();

    ReportPlan(Report report, Members members) {
        this.report = report;
        this.product = report.product;
        this.members = members;
    }

    /// Resolves and checks everything that needs no lock; none if the report can be counted.
    @Nullable ReportOutcome prepare() {
        for (int i = 0; i < report.transactions.size(); i++) {
            resolve(i, report.transactions.get(i));
        }
        if (!toLoad.isEmpty()) {
            return new ReportOutcome.NotLoaded(List.copyOf(toLoad));
        }
        checkUsage();
        checkStamps();
        if (!faults.isEmpty()) {
            return new ReportOutcome.Voided(faults);
        }
        return groups.isEmpty() ? new ReportOutcome.NothingToCount() : null;
    }

    /// A transaction whose usage is only zeros is dropped before it is checked. If it carries a code it still belongs
    /// to our own `status` family, provided that its application exists.
    private static boolean isOnlyForItsCode(Report.Transaction transaction) {
        return transaction.usage.present() && transaction.usage.onlyLiteralZero();
    }

    private void resolve(int index, Report.Transaction transaction) {
        boolean onlyCode = isOnlyForItsCode(transaction);
        if (onlyCode && !transaction.hasCodes()) {
            return;
        }
        ReportOutcome.Fault fault = null;
        ResidentApplication resident = null;
        String appId = transaction.appId;
        String userKey = transaction.userKey;
        if (appId != null && userKey != null) {
            fault = new ReportOutcome.Fault(
                    index, Reason.AUTHENTICATION_ERROR, "either app_id or user_key is allowed, not both");
        } else if (userKey != null && Blank.is(userKey)) {
            fault = fault(index, Checks.missingUserKey(appId));
        } else if (userKey != null) {
            String name = Identifier.normal(userKey);
            resident = defined(members.byUserKey.get(name));
            if (resident == null) {
                String absent = members.absentKeys.get(name);
                if (absent == null && !members.byUserKey.containsKey(name)) {
                    toLoad.add(new LoadKey.ByUserKey(product.id(), name));
                } else {
                    fault = absent == null || absent.isEmpty()
                            ? fault(index, Checks.unknownUserKey(userKey))
                            : fault(index, Checks.unknownApplication(absent));
                }
            }
        } else if (appId != null && !Blank.is(appId)) {
            String name = Identifier.normal(appId);
            resident = defined(members.byId.get(name));
            if (resident == null) {
                if (members.absentIds.containsKey(name)) {
                    fault = fault(index, Checks.unknownApplication(appId));
                } else {
                    toLoad.add(new LoadKey.ById(product.id(), name));
                }
            }
        } else {
            fault = fault(index, Checks.missingApplicationId(userKey));
        }
        if (fault != null && !onlyCode) {
            faults.add(fault);
        }
        if (resident != null) {
            groups.computeIfAbsent(resident, _ -> new ArrayList<>()).add(new Entry(index, transaction, resident));
        }
    }

    private static @Nullable ResidentApplication defined(@Nullable ResidentApplication resident) {
        return resident == null || resident.definition == null ? null : resident;
    }

    private static ReportOutcome.Fault fault(int index, Decision.Denied denied) {
        return new ReportOutcome.Fault(index, denied.reason(), denied.message());
    }

    private void checkUsage() {
        for (List<Entry> group : groups.values()) {
            for (Entry entry : group) {
                Usage usage = entry.transaction.usage;
                if (isOnlyForItsCode(entry.transaction)) {
                    continue;
                }
                UsageFault fault = usage.resolve(product);
                fault = fault == null ? usage.unstorable(product) : fault;
                if (fault == null) {
                    usage.propagate(product, report.flatUsage);
                } else {
                    faults.add(new ReportOutcome.Fault(entry.index, fault.reason(), fault.message()));
                }
            }
        }
    }

    private void checkStamps() {
        for (List<Entry> group : groups.values()) {
            group.removeIf(entry -> !isUsed(entry.transaction) && !isInTime(entry.transaction.stamp));
            for (Entry entry : group) {
                long stamp = entry.transaction.stamp;
                if (stamp < report.now - oldest()) {
                    faults.add(new ReportOutcome.Fault(
                            entry.index,
                            Reason.TRANSACTION_TOO_OLD,
                            "reporting transactions older than 86400 seconds is not allowed"));
                } else if (stamp > report.now + NEWEST) {
                    faults.add(new ReportOutcome.Fault(
                            entry.index,
                            Reason.TRANSACTION_TOO_NEW,
                            "reporting transactions more than 3600 seconds in the future is not allowed"));
                }
            }
        }
    }

    /// Whether the original would count it at all: what it drops before it looks at timestamps cannot void a report.
    private static boolean isUsed(Report.Transaction transaction) {
        return transaction.usage.present() && !transaction.usage.onlyLiteralZero();
    }

    private boolean isInTime(long stamp) {
        return stamp >= report.now - oldest() && stamp <= report.now + NEWEST;
    }

    private long oldest() {
        return report.isBatch() ? OLDEST_OF_BATCH : OLDEST;
    }

    /// The applications in the order in which their locks are taken.
    ResidentApplication[] inLockOrder() {
        ResidentApplication[] residents = groups.keySet().toArray(new ResidentApplication[0]);
        Arrays.sort(residents, Comparator.comparingLong((ResidentApplication resident) -> resident.number));
        return residents;
    }

    /// Inside the locks: rolls over, and finds closed slots that sets would replace but memory does not know.
    List<LoadKey> unknownSlots() {
        List<LoadKey> unknown = new ArrayList<>();
        long[] differences = new long[Period.COUNT];
        groups.forEach((resident, entries) -> {
            resident.counters.rollover(report.now);
            List<Slot> slots = new ArrayList<>(resident.counters.missing());
            for (Entry entry : entries) {
                Usage usage = entry.transaction.usage;
                for (int i = 0; i < usage.total(); i++) {
                    if (usage.isSet(i)) {
                        resident.counters.differences(
                                usage.metric(i), entry.transaction.stamp, usage.amount(i), differences, slots);
                    }
                }
            }
            if (!slots.isEmpty()) {
                unknown.add(new LoadKey.Past(resident.number, slots));
            }
        });
        return unknown;
    }

    /// All entries, grouped by application in order of first appearance.
    List<Entry> entries() {
        List<Entry> all = new ArrayList<>();
        groups.values().forEach(all::addAll);
        return all;
    }
}
