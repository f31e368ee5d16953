package io.tollkeeper.core.authorize;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.PlanLimits;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.usage.Blank;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.core.usage.JournalBody;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Usage;
import org.jspecify.annotations.Nullable;

/// One question to the authorizer, and the facts that its decision was made from. Mutable, reused by a connection or
/// stream, used by one thread at a time: `begin`, set what was sent, [Authorizer#decide], read the facts.
public final class Call {

    /// What is asked.
    public enum Kind {
        /// May it? Counts nothing.
        AUTHORIZE,
        /// May it? If so, count it.
        AUTHREP
    }

    // asked
    @Nullable Product product;
    Kind kind = Kind.AUTHORIZE;
    boolean oauthEndpoint;
    boolean noBody;
    boolean flatUsage;
    long now;
    @Nullable String appId;
    @Nullable String appKey;
    @Nullable String userKey;
    @Nullable String referrer;
    @Nullable String redirectUrl;
    @Nullable String redirectUri;
    int logCode;
    final Usage usage = new Usage();
    @Nullable CommitWaiter waiter;

    // found
    @Nullable Application application;
    PlanLimits limits = PlanLimits.NONE;
    long[] before = new long[8];
    boolean counted;
    long journalSequence;
    @Nullable ResidentApplication resident;
    long countedAt;

    /// An authorized authrep with usage: shown values include it.
    boolean applied;

    final JournalBody.Writer row = new JournalBody.Writer();
    final long[] differences = new long[Period.COUNT];

    /// Forgets everything and starts anew. `now` is the process's clock in epoch seconds, read once per request.
    public Call begin(Product product, Kind kind, long now) {
        this.product = product;
        this.kind = kind;
        this.now = now;
        oauthEndpoint = false;
        noBody = false;
        flatUsage = false;
        appId = null;
        appKey = null;
        userKey = null;
        referrer = null;
        redirectUrl = null;
        redirectUri = null;
        logCode = 0;
        usage.clear();
        waiter = null;
        application = null;
        limits = PlanLimits.NONE;
        counted = false;
        journalSequence = 0;
        resident = null;
        countedAt = 0;
        applied = false;
        return this;
    }

    /// Asked through an `oauth_` endpoint.
    public Call oauthEndpoint() {
        oauthEndpoint = true;
        return this;
    }

    /// `no_body`: metrics are looked up before the checks (a quirk of the original's order), limits are still read.
    public Call noBody() {
        noBody = true;
        return this;
    }

    /// `flat_usage`: usage is not propagated to parents.
    public Call flatUsage() {
        flatUsage = true;
        return this;
    }

    /// As sent, untrimmed; blank is absent.
    public Call appId(@Nullable String id) {
        appId = Blank.toNull(id);
        return this;
    }

    /// As sent, trimmed; empty is not absent.
    public Call appKey(@Nullable String key) {
        appKey = key;
        return this;
    }

    /// As sent, untrimmed; blank is absent.
    public Call userKey(@Nullable String key) {
        userKey = Blank.toNull(key);
        return this;
    }

    public Call referrer(@Nullable String value) {
        referrer = value;
        return this;
    }

    public Call redirectUrl(@Nullable String value) {
        redirectUrl = value;
        return this;
    }

    public Call redirectUri(@Nullable String value) {
        redirectUri = value;
        return this;
    }

    /// The status that the API answered (100–999); 0 = none.
    public Call logCode(int code) {
        logCode = code;
        return this;
    }

    /// Who waits for the journal. Without a waiter the row may be merged with others (in-process calls).
    public Call waiter(@Nullable CommitWaiter who) {
        waiter = who;
        return this;
    }

    /// To be filled before the decision.
    public Usage usage() {
        return usage;
    }

    public long now() {
        return now;
    }

    // ---- facts, valid after the decision until the next begin

    /// The application, once it was found.
    public @Nullable Application application() {
        return application;
    }

    /// The limits of the application's plan; [PlanLimits#NONE] before an application was found.
    public PlanLimits limits() {
        return limits;
    }

    /// Stored value of the i-th limit before this call; one consistent view of all limits.
    public long before(int i) {
        return before[i];
    }

    /// Value of the i-th limit to show: with this call applied if it was an authorized authrep with usage, stored
    /// otherwise. As the original answers: each value sent is applied in turn to its metric and all ancestors, whatever
    /// `flat_usage` says; after a set of one method and an increment of another that is not what was counted.
    public long current(int i) {
        if (!applied) {
            return before[i];
        }
        return usage.applied(product(), limits.metric(i), before[i]);
    }

    /// The product asked for.
    public Product product() {
        Product asked = product;
        if (asked == null) {
            throw new IllegalStateException("a call begins with begin(product, kind, now)");
        }
        return asked;
    }

    /// Sequence of the journal's row, if it was counted.
    public long journalSequence() {
        return journalSequence;
    }

    /// Epoch second at which it was counted.
    public long countedAt() {
        return countedAt;
    }

    /// The application id that was asked for, as sent.
    public @Nullable String askedAppId() {
        return appId;
    }

    /// The user key that was asked for, as sent: a secret.
    public @Nullable String askedUserKey() {
        return userKey;
    }

    /// The application key that was sent: a secret.
    public @Nullable String askedAppKey() {
        return appKey;
    }

    /// Whether something was queued for the journal: the answer waits for the waiter's `committed`.
    public boolean counted() {
        return counted;
    }
}
