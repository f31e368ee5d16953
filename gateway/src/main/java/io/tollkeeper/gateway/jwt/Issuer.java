package io.tollkeeper.gateway.jwt;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.http.fetch.FetchUrl;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One provider that is asked for its keys, shared by all products that name it. Its state is one volatile reference for
/// the event loops; fetching is done by one virtual thread at a time, and whoever needs the outcome waits parked.
///
/// ```
///   never asked ──▶ asking ──▶ known ──(every refresh interval, or an unknown kid)──▶ asking …
///                     └──▶ failed: asked again after 1, 2, 4 … 60 s; what was known before serves on
/// ```
final class Issuer {

    private static final Logger LOG = LoggerFactory.getLogger(Issuer.class);

    /// An unknown kid makes us ask again, but no sooner than this after the last time: kids are free to invent.
    static final long BETWEEN_REFETCHES = 10_000;
    /// Exchanges that may wait for one outcome; the others are answered by what is known.
    private static final int MOST_WAITING = 1_000;
    private static final long LONGEST_PAUSE = 60_000;

    private final FetchUrl endpoint;
    private final Discovery discovery;
    private final InstantSource clock;
    private final long refreshMillis;
    private volatile State state = new State(null, 0, 0, "", List.of(), 0);
    private List<Runnable> waiting = new ArrayList<>();
    private boolean asking;

    /// What is known. Times in ms of the epoch, 0 = never.
    ///
    /// @param provider  as last fetched, none before the first success
    /// @param succeeded when that was
    /// @param asked     when the last attempt began
    /// @param error     of the last attempt, empty if it succeeded
    /// @param failures  attempts in a row that failed
    record State(@Nullable Provider provider, long succeeded, long asked, String error, List<String> doubts, int failures) {}

    Issuer(FetchUrl endpoint, Discovery discovery, InstantSource clock, long refreshMillis) {
        this.endpoint = endpoint;
        this.discovery = discovery;
        this.clock = clock;
        this.refreshMillis = refreshMillis;
    }

    State state() {
        return state;
    }

    /// Its URL without the secrets in it.
    @Override
    public String toString() {
        return endpoint.toString();
    }

    /// Runs `then` (on some thread) when the provider has been asked anew. False if it will not be: it was asked a moment
    /// ago, or too many wait already.
    boolean ask(Runnable then) {
        long now = clock.millis();
        synchronized (this) {
            if (!asking && state.asked() != 0 && now - state.asked() < BETWEEN_REFETCHES && now >= state.asked()) {
                return false;
            }
            if (waiting.size() >= MOST_WAITING) {
                return false;
            }
            waiting.add(then);
        }
        begin();
        return true;
    }

    /// Asks if it is time to.
    void askIfDue(long now) {
        State known = state;
        if (known.asked() == 0 || now - known.asked() >= pause(known) || now < known.asked()) {
            begin();
        }
    }

    private long pause(State known) {
        if (known.failures() > 0) {
            long backOff = Math.min(LONGEST_PAUSE, 1_000L << Math.min(10, known.failures() - 1));
            return refreshMillis > 0 ? Math.min(refreshMillis, backOff) : backOff;
        }
        return refreshMillis > 0 ? refreshMillis : Long.MAX_VALUE;
    }

    private synchronized void begin() {
        if (!asking) {
            asking = true;
            Thread.ofVirtual().name("issuer " + endpoint.host()).start(this::fetch);
        }
    }

    private void fetch() {
        State before = state;
        long asked = clock.millis();
        State after;
        try {
            after = switch (discovery.discover(endpoint)) {
                case Discovery.Found.Good(Provider provider, List<String> doubts) ->
                        new State(keepingKeys(before.provider(), provider), clock.millis(), asked, "", doubts, 0);
                case Discovery.Found.Bad(String error) ->
                        new State(before.provider(), before.succeeded(), asked, error, before.doubts(), before.failures() + 1);
            };
        } catch (RuntimeException e) {
            LOG.error("issuer {}: asking it failed", this, e);
            after = new State(before.provider(), before.succeeded(), asked, e.toString(), before.doubts(), before.failures() + 1);
        }
        tell(before, after);
        List<Runnable> heirs;
        synchronized (this) {
            state = after;
            asking = false;
            heirs = waiting;
            waiting = new ArrayList<>();
        }
        heirs.forEach(Runnable::run);
    }

    private static Provider keepingKeys(@Nullable Provider known, Provider fresh) {
        return known == null ? fresh
                : new Provider(fresh.issuer(), fresh.algorithms(), fresh.keys().keepingKnown(known.keys()), fresh.ahead());
    }

    private void tell(State before, State after) {
        if (!after.error().isEmpty() && !after.error().equals(before.error())) {
            LOG.warn("OpenID provider {} cannot be used{}: {}", this,
                    after.provider() == null ? "" : " anew, its earlier keys stay in use", after.error());
        } else if (after.error().isEmpty() && !before.error().isEmpty()) {
            LOG.info("OpenID provider {} can be used again", this);
        }
        if (after.error().isEmpty() && !after.doubts().equals(before.doubts())) {
            after.doubts().forEach(doubt -> LOG.warn("OpenID provider {}: {}", this, doubt));
        }
    }
}
