package io.tollkeeper.app.portal;

import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.declaration.Declared;
import io.tollkeeper.app.declaration.DeclaredProduct;
import io.tollkeeper.app.declaration.DocumentText;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.gateway.route.HostLoader;
import io.tollkeeper.http.fetch.Fetcher;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A portal that is asked per host, when a call needs it. Asked on event loops, which never wait here; fetches on virtual
/// threads, one at a time per host and a few at a time altogether.
///
/// | the host's configuration | a call |
/// |---|---|
/// | was fetched within the cache time | is served by it |
/// | was not | waits for one fetch, with all others of this host |
/// | was not, and the last fetch failed | is served by what is there, while a fetch goes on behind it |
///
/// What a portal said is kept on disk, and is what there is after a start without the portal.
public final class LazyPortal implements HostLoader, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LazyPortal.class);

    /// Hosts that are being fetched at a time; somebody who calls names at random must not flood the portal.
    private static final int FETCHES = 16;
    private static final int MOST_WAITING = 10_000;
    /// After a failure, while an older configuration serves, the portal is asked once in this time.
    private static final long RETRY = TimeUnit.SECONDS.toNanos(1);
    private static final long WRITE_EVERY_MILLIS = 1000;

    /// Puts products into force.
    @FunctionalInterface
    public interface InForce {
        void take(Declared products, List<Finding> doubts, @Nullable Finding failure);
    }

    private final PortalClient client;
    private final LastGood lastGood;
    private final LoadingMode mode;
    private final boolean hostsAreShared;
    private final boolean everythingComes;
    private final InstantSource clock;
    private final InForce inForce;
    private final Semaphore fetches = new Semaphore(FETCHES);
    private final Map<String, Host> hosts = new ConcurrentHashMap<>();
    /// Fetches under way by host, with who waits for them. Guarded by itself.
    private final Map<String, List<Consumer<@Nullable String>>> under = new HashMap<>();
    private int waiting;
    // the rest is guarded by `this`
    private final Map<String, DeclaredProduct> products = new LinkedHashMap<>();
    private final Map<String, LastGood.Kept> kept = new LinkedHashMap<>();
    private Configuration settings;
    private boolean unwritten;
    private final Thread writer;

    /// What is known of a host that has products.
    ///
    /// @param freshUntil moment of [System#nanoTime]
    /// @param forever    then `freshUntil` does not count
    /// @param failing    the last fetch failed
    /// @param retryAt    when it is tried again
    /// @param products   their ids
    private record Host(long freshUntil, boolean forever, boolean failing, long retryAt, List<String> products) {
        boolean isFresh(long now) {
            return forever || now - freshUntil < 0;
        }
    }

    /// @param folder         the data folder
    /// @param settings       in force, without products
    /// @param hostsAreShared whether several products may have one host (path routing): a product that came for one of its
    ///                       hosts is then not all there is to know of its others
    public LazyPortal(
            Fetcher fetcher, PortalSettings portal, LoadingMode mode, Path folder, Configuration settings, boolean hostsAreShared,
            InstantSource clock, InForce inForce) {
        this.client = new PortalClient(fetcher, portal);
        this.lastGood = new LastGood(folder, portal);
        this.mode = mode;
        this.settings = settings;
        this.hostsAreShared = hostsAreShared;
        this.everythingComes = !portal.versions().isEmpty();
        this.clock = clock;
        this.inForce = inForce;
        this.writer = Thread.ofVirtual().name("portal-last-good").unstarted(this::writeNowAndThen);
    }

    /// Takes what is on disk, to serve by until the portal says something newer. Blocks.
    ///
    /// @return when the oldest of it was fetched, null if there is nothing
    public synchronized @Nullable Instant start() {
        Instant oldest = null;
        for (var one : lastGood.read()) {
            if (settings.declaring(one.texts(), List.of(), Declared.NOTHING) instanceof Loaded.Good(var good)) {
                merge(one.host(), good.declared(), false);
                kept.put(one.host(), one);
                oldest = oldest == null || one.at().isBefore(oldest) ? one.at() : oldest;
            }
        }
        if (!products.isEmpty()) {
            inForce.take(declared(), List.of(), null);
        }
        writer.start();
        return oldest;
    }

    private Declared declared() {
        return new Declared(List.copyOf(products.values()), false);
    }

    /// All products that were fetched so far.
    public synchronized Declared products() {
        return declared();
    }

    /// Other settings hold from now on, and what was fetched is fetched again when it is needed.
    public synchronized void renew(Configuration newSettings) {
        settings = newSettings;
        hosts.replaceAll((_, host) -> new Host(System.nanoTime(), false, false, 0, host.products()));
    }

    @Override public boolean isCurrent(String host) {
        var known = hosts.get(host);
        if (known == null) {
            return false;
        }
        long now = System.nanoTime();
        if (known.isFresh(now)) {
            return true;
        }
        if (known.failing() && now - known.retryAt() >= 0) {
            load(host, _ -> {});
        }
        return known.failing();
    }

    @Override public void load(String host, Consumer<@Nullable String> then) {
        synchronized (under) {
            var others = under.get(host);
            if (waiting >= MOST_WAITING) {
                then.accept(MOST_WAITING + " calls wait for configurations already");
                return;
            }
            waiting++;
            if (others != null) {
                others.add(then);
                return;
            }
            under.put(host, new ArrayList<>(List.of(then)));
        }
        Thread.ofVirtual().name("portal-" + host).start(() -> fetch(host));
    }

    private void fetch(String host) {
        String wrong = "the program ends";
        try {
            fetches.acquire();
            try {
                wrong = fetched(host);
            } finally {
                fetches.release();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.error("fetching the configuration of {} failed", host, e);
            wrong = "fetching failed: " + e;
        } finally {
            List<Consumer<@Nullable String>> all;
            synchronized (under) {
                all = Objects.requireNonNull(under.remove(host), "whoever began the fetch waits for it");
                waiting -= all.size();
            }
            var told = wrong;
            all.forEach(then -> then.accept(told));
        }
    }

    /// What went wrong, or null.
    private @Nullable String fetched(String host) {
        return switch (client.load(host)) {
            case PortalAnswer.Failed(var wrong) -> failed(host, wrong);
            case PortalAnswer.Pages(var texts, var doubts) -> {
                Loaded loaded;
                synchronized (this) {
                    loaded = settings.declaring(texts, doubts, declared());
                }
                yield switch (loaded) {
                    case Loaded.Bad(var findings) -> failed(host, findings.stream().filter(Finding::isError).findFirst().orElseThrow());
                    case Loaded.Good(var good) -> {
                        taken(host, good, texts);
                        yield null;
                    }
                };
            }
        };
    }

    private synchronized String failed(String host, Finding wrong) {
        log.warn("the configuration of {} could not be fetched{}: {}", host, hosts.containsKey(host) ? ", the older one is used" : "", wrong.text());
        hosts.computeIfPresent(host, (_, known) -> new Host(known.freshUntil(), known.forever(), true, System.nanoTime() + RETRY, known.products()));
        inForce.take(declared(), List.of(), wrong);
        return wrong.text();
    }

    private synchronized void taken(String host, Configuration good, List<DocumentText> texts) {
        boolean changed = merge(host, good.declared(), true);
        if (changed) {
            inForce.take(declared(), good.warnings(), null);
        }
        if (hosts.containsKey(host)) {
            var before = kept.put(host, new LastGood.Kept(host, clock.instant(), texts));
            unwritten |= before == null || !before.texts().equals(texts);
        } else {
            unwritten |= kept.remove(host) != null;
        }
    }

    /// Puts what came for a host in the place of what was there.
    private boolean merge(String host, Declared came, boolean fresh) {
        boolean changed = false;
        var ofHost = new ArrayList<String>();
        for (var product : came.products()) {
            var before = products.put(product.id(), product);
            changed |= before == null || !before.proxy().equals(product.proxy());
            if (product.proxy().hosts().contains(host)) {
                ofHost.add(product.id());
            }
        }
        var was = hosts.get(host);
        for (var gone : was == null ? List.<String>of() : was.products()) {
            if (!ofHost.contains(gone) && came.products().stream().noneMatch(product -> product.id().equals(gone))) {
                changed |= products.remove(gone) != null;
            }
        }
        if (ofHost.isEmpty()) {
            hosts.remove(host); // and the next call asks anew
        } else {
            hosts.put(host, host(fresh, ofHost));
        }
        if (fresh && (everythingComes || !hostsAreShared)) {
            for (var product : came.products()) {
                product.proxy().hosts().stream().filter(other -> !other.equals(host))
                        .forEach(other -> hosts.put(other, host(true, came.products().stream()
                                .filter(each -> each.proxy().hosts().contains(other)).map(DeclaredProduct::id).toList())));
            }
        }
        return changed;
    }

    private Host host(boolean fresh, List<String> ids) {
        var time = mode.cache().time();
        long now = System.nanoTime();
        return new Host(fresh && time != null ? now + time.toNanos() : now, fresh && time == null, false, 0, List.copyOf(ids));
    }

    private void writeNowAndThen() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Thread.sleep(WRITE_EVERY_MILLIS);
            } catch (InterruptedException _) {
                return;
            }
            write();
        }
    }

    private void write() {
        List<LastGood.Kept> all;
        synchronized (this) {
            if (!unwritten) {
                return;
            }
            unwritten = false;
            all = List.copyOf(kept.values());
        }
        lastGood.write(all);
    }

    /// Writes what is not on disk yet.
    @Override public void close() {
        writer.interrupt();
        write();
    }
}
