package io.tollkeeper.core.authorize;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import io.tollkeeper.core.authorize.Decision.Denied;
import io.tollkeeper.core.authorize.Decision.Granted;
import io.tollkeeper.core.authorize.Decision.NotLoaded;
import io.tollkeeper.core.authorize.Decision.Unavailable;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.PlanLimits;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.event.AlertRule;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.CounterKey;
import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.JournalRow;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Slot;
import io.tollkeeper.core.usage.Usage;
import io.tollkeeper.core.usage.UsageCounters;
import io.tollkeeper.core.usage.UsageFault;
import io.tollkeeper.core.usage.UsageJournal;
import org.jspecify.annotations.Nullable;

/// Decides and counts in one atomic step: rollover, check of all limits, all increments and the append to the journal
/// happen inside the application's lock. Called from event loops; never blocks, apart from that lock.
///
/// The journal is a prefix of what was decided: a row is appended inside the lock, so a decision that saw its effect
/// comes after it in the queue. Whatever needs no counter (credentials, states, reading the usage) is checked before the
/// lock, on a definition that is compared again inside it.
public final class Authorizer {

    private static final Granted GRANTED = new Granted();
    private static final List<Slot> NEVER_UNKNOWN = List.of();
    private static final List<Notice> NO_NOTICES = List.of();

    private final Applications applications;
    private final UsageJournal journal;
    private final Notices notices;
    private final ReferrerMatch referrerFilters;

    public Authorizer(Applications applications, UsageJournal journal) {
        this(applications, journal, AlertRule.HIGHEST_ENABLED);
    }

    public Authorizer(Applications applications, UsageJournal journal, AlertRule alerts) {
        this(applications, journal, alerts, ReferrerMatch.WHOLE);
    }

    public Authorizer(
            Applications applications, UsageJournal journal, AlertRule alerts, ReferrerMatch referrerFilters) {
        this.referrerFilters = referrerFilters;
        this.applications = applications;
        this.journal = journal;
        this.notices = new Notices(alerts);
    }

    /// Every validator that refuses a call whose application was found, besides limits: what the caller would hear next
    /// if the first were mended. For explanations; costs more than the decision.
    public List<Denied> failures(Call call) {
        Application application = call.application;
        return application == null ? List.of() : Checks.failures(call.product(), application, call, referrerFilters);
    }

    // ---- one call

    /// Answers a call; an authorized authrep is counted. Exact under any number of threads.
    public Decision decide(Call call) {
        Product product = call.product();
        Denied refused = Checks.identification(product.mode(), call.oauthEndpoint, call.appId, call.userKey);
        if (refused != null) {
            return refused;
        }
        Members members = applications.members(product.id());
        boolean byUserKey = product.mode() == AuthenticationMode.USER_KEY;
        String sent = Objects.requireNonNull(byUserKey ? call.userKey : call.appId);
        String name = Identifier.normal(sent);
        while (true) {
            ResidentApplication resident = byUserKey ? members.byUserKey.get(name) : members.byId.get(name);
            if (resident == null) {
                return notInMemory(product, members, byUserKey, name, sent);
            }
            Application application = resident.definition;
            if (application == null) {
                return byUserKey ? Checks.unknownUserKey(sent) : Checks.unknownApplication(sent);
            }
            Decision decision = decide(call, product, resident, application);
            if (decision != null) {
                return decision;
            }
        }
    }

    private static Decision notInMemory(
            Product product, Members members, boolean byUserKey, String name, String sent) {
        if (byUserKey) {
            String absent = members.absentKeys.get(name);
            if (absent == null) {
                return new NotLoaded(new LoadKey.ByUserKey(product.id(), name));
            }
            return absent.isEmpty() ? Checks.unknownUserKey(sent) : Checks.unknownApplication(absent);
        }
        return members.absentIds.containsKey(name)
                ? Checks.unknownApplication(sent)
                : new NotLoaded(new LoadKey.ById(product.id(), name));
    }

    /// The decision, or none if the application changed or left memory meanwhile: look it up again.
    private @Nullable Decision decide(
            Call call, Product product, ResidentApplication resident, Application application) {
        Usage usage = call.usage;
        call.application = application;
        call.limits = product.limits(application.planId());
        if (call.noBody) {
            UsageFault unknown = usage.unknownName(product);
            if (unknown != null) {
                return faulty(unknown);
            }
        }
        Denied refused = Checks.application(product, application, call, referrerFilters);
        if (refused == null) {
            UsageFault fault = usage.resolve(product);
            refused = fault == null ? null : faulty(fault);
        }
        if (refused == null) {
            usage.propagate(product, call.flatUsage);
        } else if (!refused.reason().isRejection()) {
            return refused;
        }
        resident.lock.lock();
        try {
            if (resident.evicted || resident.definition != application) {
                return null;
            }
            resident.lastUsed = call.now;
            UsageCounters counters = resident.counters;
            long now = counters.rollover(call.now);
            if (!counters.missing().isEmpty()) {
                return new NotLoaded(new LoadKey.Past(resident.number, counters.missing()));
            }
            readLimits(call, counters);
            if (refused != null) {
                return refused;
            }
            int violated = Checks.violatedLimit(call.limits, call.before, usage);
            if (violated >= 0) {
                return exceeded(call, product, violated, now);
            }
            if (call.kind == Call.Kind.AUTHORIZE) {
                return GRANTED;
            }
            UsageFault unstorable = usage.unstorable(product);
            return unstorable == null ? count(call, product, application, resident, now) : faulty(unstorable);
        } finally {
            resident.lock.unlock();
        }
    }

    private static void readLimits(Call call, UsageCounters counters) {
        PlanLimits limits = call.limits;
        if (call.before.length < limits.size()) {
            call.before = new long[limits.size()];
        }
        for (int i = 0; i < limits.size(); i++) {
            call.before[i] = counters.current(limits.metric(i), limits.period(i));
        }
    }

    /// Counts an authorized authrep, inside the lock.
    private Decision count(
            Call call, Product product, Application application, ResidentApplication resident, long now) {
        JournalBody.Writer row = call.row;
        row.begin(product.number(), now, null);
        row.group(resident.number, now);
        boolean used = call.usage.present() && !call.usage.onlyLiteralZero();
        if (used) {
            addUsage(resident.counters, call.usage, now, row, call.differences);
        }
        addCode(resident.counters, call.logCode, used, now, row);
        List<Notice> caused = used ? notices.caused(product, application, resident, now) : NO_NOTICES;
        if (!row.isEmpty() || !caused.isEmpty()) {
            long seq = append(row.end(), call.waiter, caused);
            if (seq < 0) {
                return new Unavailable(refusal(seq));
            }
            applications.counted(resident, seq);
            applications.happened(caused);
            call.counted = true;
            call.resident = resident;
            call.countedAt = now;
            call.journalSequence = seq;
        }
        call.applied = call.usage.present();
        return GRANTED;
    }

    /// What became of the status of a call.
    public enum Responded {
        COUNTED,
        /// The application has left memory: load it by its number and use the other form.
        NOT_LOADED,
        /// The journal takes nothing now; the status is not counted.
        LOST
    }

    /// Counts the status with which a call ended that was let in and counted here, at the second of the call. For calls
    /// of this process, whose status is known only when they are over; once per call. Nobody waits for the journal.
    public Responded responded(Call call, int code) {
        ResidentApplication resident = call.resident;
        return resident == null ? Responded.NOT_LOADED : responded(resident, call.product(), call.countedAt, code, call.row);
    }

    /// The same for an application that was loaded again.
    public Responded responded(Product product, long application, long stamp, int code) {
        ResidentApplication resident = applications.resident(application);
        return resident == null ? Responded.NOT_LOADED : responded(resident, product, stamp, code, new JournalBody.Writer());
    }

    /// The counters are not rolled over: the call did that, and an old call must not turn them back.
    private Responded responded(
            ResidentApplication resident, Product product, long stamp, int code, JournalBody.Writer row) {
        resident.lock.lock();
        try {
            if (resident.evicted) {
                return Responded.NOT_LOADED;
            }
            row.begin(product.number(), stamp, null);
            row.group(resident.number, stamp);
            addCode(resident.counters, code, true, stamp, row);
            if (row.isEmpty()) {
                return Responded.COUNTED;
            }
            long seq = append(row.end(), null, NO_NOTICES);
            if (seq < 0) {
                return Responded.LOST;
            }
            applications.counted(resident, seq);
            return Responded.COUNTED;
        } finally {
            resident.lock.unlock();
        }
    }

    private static void addUsage(
            UsageCounters counters, Usage usage, long stamp, JournalBody.Writer row, long[] differences) {
        for (int i = 0; i < usage.total(); i++) {
            int key = usage.metric(i);
            long amount = usage.amount(i);
            if (usage.isSet(i)) {
                counters.differences(key, stamp, amount, differences, NEVER_UNKNOWN);
                addDifferences(counters, key, stamp, row, differences);
            } else if (amount != 0 && counters.overflows(key, stamp, amount)) {
                counters.saturated(key, stamp, amount, differences);
                addDifferences(counters, key, stamp, row, differences);
            } else if (amount != 0) {
                counters.add(key, stamp, amount);
                row.amount(key, amount);
            }
        }
    }

    private static void addDifferences(
            UsageCounters counters, int key, long stamp, JournalBody.Writer row, long[] differences) {
        for (int period = 0; period < Period.COUNT; period++) {
            if (differences[period] != 0) {
                counters.add(key, stamp, differences);
                row.differences(key, differences);
                return;
            }
        }
    }

    /// Under 3scale's names a code counts only with usage; our own family counts every code.
    private static void addCode(
            UsageCounters counters, int code, boolean used, long stamp, JournalBody.Writer row) {
        if (code == 0) {
            return;
        }
        if (used) {
            addOne(counters, CounterKey.responseClass(code), stamp, row);
            addOne(counters, CounterKey.responseCode(code), stamp, row);
        }
        addOne(counters, CounterKey.status(code), stamp, row);
    }

    private static void addOne(UsageCounters counters, int key, long stamp, JournalBody.Writer row) {
        addMany(counters, key, 1, stamp, row);
    }

    /// Codes of calls that were let in and used something, many at once.
    private static void addCodes(
            UsageCounters counters, int code, long amount, long stamp, JournalBody.Writer row) {
        addMany(counters, CounterKey.responseClass(code), amount, stamp, row);
        addMany(counters, CounterKey.responseCode(code), amount, stamp, row);
        addMany(counters, CounterKey.status(code), amount, stamp, row);
    }

    private static void addMany(UsageCounters counters, int key, long amount, long stamp, JournalBody.Writer row) {
        if (key >= 0) {
            counters.add(key, stamp, amount);
            row.amount(key, amount);
        }
    }

    /// Queues a row whose effect is in the counters already, inside the locks of all its applications. If the journal
    /// refuses, the effect is taken back and the answer is [UsageJournal#FULL] or [UsageJournal#UNWRITABLE].
    private long append(byte[] body, @Nullable CommitWaiter waiter, List<Notice> caused) {
        long seq = journal.append(
                waiter == null ? JournalRow.mergeable(body, caused) : JournalRow.call(body, waiter, caused));
        if (seq < 0) {
            applications.undo(body);
        }
        return seq;
    }

    private static Reason refusal(long seq) {
        return seq == UsageJournal.FULL ? Reason.OVERLOAD : Reason.STORE_UNWRITABLE;
    }

    private static Denied faulty(UsageFault fault) {
        return new Denied(fault.reason(), fault.message(), fault.message(), -1);
    }

    private static Denied exceeded(Call call, Product product, int violated, long now) {
        PlanLimits limits = call.limits;
        Metric metric = product.metricNumbered(limits.metric(violated));
        Period period = Period.of(limits.period(violated));
        StringBuilder evidence = new StringBuilder(96)
                .append(metric == null ? "" : metric.name())
                .append(" per ")
                .append(period.wireName())
                .append(": ")
                .append(call.before[violated])
                .append(" counted");
        int at = call.usage.present() ? call.usage.indexOf(limits.metric(violated)) : -1;
        if (at >= 0) {
            evidence.append(call.usage.isSet(at) ? ", set to " : ", this call adds ");
            evidence.append(call.usage.isHuge(at) ? "more than " : "").append(call.usage.amount(at));
        }
        evidence.append(", plan ")
                .append(limits.limit(violated).planId())
                .append(" allows ")
                .append(limits.max(violated));
        if (period != Period.ETERNITY) {
            evidence.append("; starts anew at ").append(Instant.ofEpochSecond(period.end(now)));
        }
        return new Denied(Reason.LIMIT, "usage limits are exceeded", evidence.toString(), violated);
    }

    // ---- a report

    /// Counts a report, all or nothing, as one journal row. Limits, keys, referrers and states are not looked at.
    public ReportOutcome report(Report report) {
        while (true) {
            ReportPlan plan = new ReportPlan(report, applications.members(report.product.id()));
            ReportOutcome early = plan.prepare();
            if (early != null) {
                return early;
            }
            ReportOutcome outcome = count(report, plan);
            if (outcome != null) {
                return outcome;
            }
        }
    }

    /// Locks all applications of the report in ascending order, counts, appends one row. None if an application was
    /// deleted or left memory meanwhile.
    private @Nullable ReportOutcome count(Report report, ReportPlan plan) {
        ResidentApplication[] residents = plan.inLockOrder();
        int locked = 0;
        try {
            for (ResidentApplication resident : residents) {
                resident.lock.lock();
                locked++;
                if (resident.evicted || resident.definition == null) {
                    return null;
                }
                resident.lastUsed = report.now;
            }
            List<LoadKey> unknown = plan.unknownSlots();
            return unknown.isEmpty() ? countLocked(report, plan, residents) : new ReportOutcome.NotLoaded(unknown);
        } finally {
            while (locked > 0) {
                residents[--locked].lock.unlock();
            }
        }
    }

    private ReportOutcome countLocked(Report report, ReportPlan plan, ResidentApplication[] residents) {
        JournalBody.Writer row = new JournalBody.Writer();
        long[] differences = new long[Period.COUNT];
        Set<ResidentApplication> seen = new LinkedHashSet<>();
        row.begin(report.product.number(), report.now, report.batchId);
        for (ReportPlan.Entry entry : plan.entries()) {
            ResidentApplication resident = entry.resident();
            Report.Transaction transaction = entry.transaction();
            row.group(resident.number, transaction.stamp);
            boolean used = transaction.usage.present() && !transaction.usage.onlyLiteralZero();
            if (used) {
                addUsage(resident.counters, transaction.usage, transaction.stamp, row, differences);
                seen.add(resident);
            }
            addCode(resident.counters, transaction.logCode, used, transaction.stamp, row);
            for (int i = 0; i < transaction.codes; i++) {
                addCodes(resident.counters, transaction.codeNumbers[i], transaction.codeAmounts[i], transaction.stamp, row);
            }
        }
        List<Notice> caused = caused(report, seen);
        if (row.isEmpty() && caused.isEmpty()) {
            return new ReportOutcome.NothingToCount();
        }
        long seq = append(row.end(), report.waiter, caused);
        if (seq < 0) {
            return new ReportOutcome.Unavailable(refusal(seq));
        }
        for (ResidentApplication resident : residents) {
            applications.counted(resident, seq);
        }
        applications.happened(caused);
        report.journalSequence = seq;
        return new ReportOutcome.Counted();
    }

    /// The events that a report caused, once per application whose usage it counted, at the second of processing.
    private List<Notice> caused(Report report, Set<ResidentApplication> seen) {
        List<Notice> caused = NO_NOTICES;
        for (ResidentApplication resident : seen) {
            Application application = Objects.requireNonNull(resident.definition);
            long now = resident.counters.rollover(report.now);
            List<Notice> ofThis = notices.caused(report.product, application, resident, now);
            if (!ofThis.isEmpty()) {
                caused = caused.isEmpty() ? new ArrayList<>() : caused;
                caused.addAll(ofThis);
            }
        }
        return caused;
    }
}
