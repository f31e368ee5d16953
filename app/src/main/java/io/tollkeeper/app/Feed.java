package io.tollkeeper.app;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.declaration.Declared;
import io.tollkeeper.app.declaration.ProductSource;
import io.tollkeeper.app.operate.LiveConfiguration;
import io.tollkeeper.app.portal.LazyPortal;
import io.tollkeeper.app.portal.LoadingMode;
import io.tollkeeper.app.portal.Portal;
import io.tollkeeper.app.portal.PortalSettings;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.gateway.Gateway;
import io.tollkeeper.gateway.route.PathRouting;
import io.tollkeeper.http.fetch.Fetcher;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How products come into the process: they were read with the settings, or a portal is asked for all of them, or for
/// those of a host when a call needs it. Blocks.
sealed interface Feed {
    Logger LOG = LoggerFactory.getLogger(Feed.class);

    /// What there is to start with.
    ///
    /// @param failing why it is not the newest, empty if it is
    /// @param at      when it was, null for now
    record First(Configuration configuration, List<Finding> failing, @Nullable Instant at) {}

    /// The configuration to start with; findings if there is none.
    Begun begin();

    sealed interface Begun {
        record With(First first) implements Begun {}

        record Not(List<String> lines) implements Begun {}
    }

    /// The newest configuration with these settings, which were just read.
    Loaded again(Configuration settings);

    /// The configuration is in force: from here on it is kept up to date.
    void run(LiveConfiguration live, @Nullable Gateway gateway, Closing closing);

    static Feed of(Configuration given, Fetcher fetcher, InstantSource clock) {
        if (!(given.source() instanceof ProductSource.OfPortal(var endpoint, var environment))) {
            return new WithSettings(given);
        }
        var gateway = given.settings().gateway();
        var portal = new PortalSettings(endpoint, environment,
                gateway.services() == null ? List.of() : Arrays.asList(gateway.services().split(",", -1)),
                PortalSettings.pinned(gateway.portal().versions()), gateway.portal().timeout(), UserAgent.of(environment));
        var mode = LoadingMode.of(gateway);
        return mode.lazy() ? new PerHost(given, portal, mode, fetcher, clock)
                : new Everything(given, mode, new Portal(fetcher, portal, given.settings().data(), clock));
    }

    /// All is said with the settings.
    record WithSettings(Configuration given) implements Feed {
        @Override public Begun begin() {
            return new Begun.With(new First(given, List.of(), null));
        }

        @Override public Loaded again(Configuration settings) {
            return new Loaded.Good(settings);
        }

        @Override public void run(LiveConfiguration live, @Nullable Gateway gateway, Closing closing) {
            // the watch over the files tells of changes
        }
    }

    /// A portal that is asked for everything, at start and at intervals.
    record Everything(Configuration given, LoadingMode mode, Portal portal) implements Feed {
        @Override public Begun begin() {
            if (mode.cache().isNone()) {
                return new Begun.Not(List.of("gateway.configuration-cache: 0s with gateway.configuration-loader: boot keeps nothing to serve by"
                        + " (expected: a time such as 300s, or forever; or gateway.configuration-loader: lazy)"));
            }
            return switch (portal.load(given)) {
                case Loaded.Good(var configuration) -> new Begun.With(new First(configuration, List.of(), null));
                case Loaded.Bad(var findings) -> {
                    var lines = findings.stream().map(Finding::text).toList();
                    var old = portal.old(given);
                    if (old == null) {
                        yield new Begun.Not(Stream.concat(lines.stream(), Stream.of("failed to load the configuration from "
                                + given.source().describe() + ", and " + given.settings().data() + " holds no earlier one of it")).toList());
                    }
                    lines.forEach(line -> LOG.error("{}", line));
                    LOG.warn("the portal gave no configuration: serving by that of {}, from the data folder, until it does", old.at());
                    yield new Begun.With(new First(old.configuration(), findings, old.at()));
                }
            };
        }

        @Override public Loaded again(Configuration settings) {
            return portal.load(settings);
        }

        @Override public void run(LiveConfiguration live, @Nullable Gateway gateway, Closing closing) {
            var every = mode.cache().time();
            if (every != null) {
                var thread = Thread.ofVirtual().name("portal").start(() -> reload(live, every));
                closing.with(thread::interrupt);
            }
        }

        private static void reload(LiveConfiguration live, Duration every) {
            while (true) {
                try {
                    Thread.sleep(every);
                    live.reload();
                } catch (InterruptedException _) {
                    return; // the program ends
                } catch (RuntimeException e) {
                    LOG.error("asking the portal failed; the configuration in force stays", e);
                }
            }
        }
    }

    /// A portal that is asked per host.
    final class PerHost implements Feed {
        private final Configuration given;
        private final LazyPortal portal;
        private volatile @Nullable LiveConfiguration inForce;

        PerHost(Configuration given, PortalSettings settings, LoadingMode mode, Fetcher fetcher, InstantSource clock) {
            this.given = given;
            this.portal = new LazyPortal(fetcher, settings, mode, given.settings().data(), given,
                    given.settings().gateway().pathRouting() != PathRouting.OFF, clock, this::take);
        }

        private void take(Declared products, List<Finding> doubts, @Nullable Finding failure) {
            var live = inForce;
            if (live == null) {
                return;
            }
            if (failure == null) {
                live.replace(products, doubts);
            } else {
                live.failing(List.of(failure));
            }
        }

        @Override public Begun begin() {
            return new Begun.With(new First(given.declaring(new Declared(List.of(), false), List.of()), List.of(), null));
        }

        @Override public Loaded again(Configuration settings) {
            portal.renew(settings);
            return new Loaded.Good(settings.declaring(portal.products(), List.of()));
        }

        @Override public void run(LiveConfiguration live, @Nullable Gateway gateway, Closing closing) {
            inForce = live;
            var oldest = portal.start();
            if (oldest != null) {
                LOG.info("{} products of earlier days are at hand for when the portal is away, the oldest of {}", portal.products().products().size(), oldest);
            }
            closing.with(portal);
            if (gateway != null) {
                gateway.loadHosts(portal);
            }
        }
    }
}
