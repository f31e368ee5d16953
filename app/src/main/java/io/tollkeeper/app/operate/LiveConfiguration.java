package io.tollkeeper.app.operate;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.declaration.Declared;
import io.tollkeeper.app.declaration.ProductSource;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.http.metrics.PrometheusText;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The configuration in force, and how a new one takes its place: read and compiled completely first, swapped once; a
/// broken one changes nothing. Called by the watch and by `tollkeeper reload`, one at a time; blocks.
public final class LiveConfiguration {
    private static final Logger log = LoggerFactory.getLogger(LiveConfiguration.class);

    /// Puts a configuration into force, or tells what stands in its way and changes nothing.
    @FunctionalInterface
    public interface TakeOver {
        Took takeOver(Configuration next);
    }

    /// What became of a configuration that was to be taken over.
    public sealed interface Took {
        /// @param ofProducts what is wrong with single products: one with an error keeps its last good form, or is refused
        record Over(List<Finding> ofProducts) implements Took {}

        /// Nothing changed.
        record Nothing(List<Finding> findings) implements Took {}
    }

    /// What became of a reload.
    public sealed interface Outcome {
        /// @param atNextStart settings that differ and are only read at start
        record Taken(Configuration configuration, List<String> atNextStart) implements Outcome {}

        record Refused(List<Finding> findings) implements Outcome {}
    }

    /// A document may hold thousands of products: mistakes first, and no more lines than somebody reads.
    private static final int MOST_TOLD = 50;

    private final String withoutFile;
    private final Supplier<Loaded> source;
    private final TakeOver takeOver;
    private final InstantSource clock;
    private final Configuration atStart;
    private final Object reloading = new Object();
    private volatile State state;

    /// @param ofProducts what is wrong with single products of the one in force
    /// @param confirmed  when the source last said that this is the newest
    /// @param refused    what is wrong with the newest, or why it cannot be had; empty if it is the one in force
    private record State(
            Configuration inForce, List<Finding> ofProducts, Instant since, Instant confirmed, List<Finding> refused, @Nullable Instant refusedAt) {}

    /// @param atStart     in force already
    /// @param ofProducts  what is wrong with single products of it
    /// @param withoutFile what is said instead of a file's name when there is none
    public LiveConfiguration(Configuration atStart, List<Finding> ofProducts, String withoutFile, Supplier<Loaded> source, TakeOver takeOver, InstantSource clock) {
        this.atStart = atStart;
        this.withoutFile = withoutFile;
        this.source = source;
        this.takeOver = takeOver;
        this.clock = clock;
        this.state = new State(atStart, ofProducts, clock.instant(), clock.instant(), List.of(), null);
    }

    public Configuration current() {
        return state.inForce();
    }

    /// Reads all sources and takes them over.
    public Outcome reload() {
        synchronized (reloading) {
            var loaded = source.get(); // may ask a portal: nobody waits meanwhile but for another reload
            return switch (loaded) {
                case Loaded.Bad(var findings) -> refuse(findings);
                case Loaded.Good(var next) when next.source() instanceof ProductSource.OfPortal && isSame(next) -> confirm(next);
                case Loaded.Good(var next) -> takeOver(next.sharing(current()), true);
            };
        }
    }

    /// Puts other products into force, whatever the sources say.
    ///
    /// @param warnings about them
    public Outcome replace(Declared products, List<Finding> warnings) {
        return takeOver(state.inForce().declaring(products, warnings), false);
    }

    private synchronized Outcome takeOver(Configuration next, boolean tell) {
        return switch (takeOver.takeOver(next)) {
            case Took.Over(var ofProducts) -> take(next, ofProducts, tell);
            case Took.Nothing(var findings) -> refuse(findings);
        };
    }

    private boolean isSame(Configuration next) {
        var now = state.inForce();
        return now.settings().equals(next.settings()) && now.declared().proxies().equals(next.declared().proxies());
    }

    /// The source says what it said before.
    private synchronized Outcome confirm(Configuration next) {
        var before = state;
        state = new State(before.inForce(), before.ofProducts(), before.since(), clock.instant(), List.of(), null);
        return new Outcome.Taken(next, Settings.differing(atStart.settings(), next.settings()));
    }

    private Outcome take(Configuration next, List<Finding> ofProducts, boolean tell) {
        var now = clock.instant();
        state = new State(next, ofProducts, now, now, List.of(), null);
        next.warnings().stream().limit(MOST_TOLD).forEach(warning -> log.warn("{}", warning.text()));
        var atNextStart = Settings.differing(atStart.settings(), next.settings());
        if (tell) {
            log.info("configuration taken over: {}{}", products(next), note(atNextStart));
        }
        return new Outcome.Taken(next, atNextStart);
    }

    private synchronized Outcome refuse(List<Finding> findings) {
        failing(findings);
        log.error("configuration refused, the one of {} stays in force:\n{}", state.confirmed(), text(findings));
        return new Outcome.Refused(findings);
    }

    /// The newest configuration cannot be had; the one in force stays.
    public synchronized void failing(List<Finding> why) {
        var before = state;
        state = new State(before.inForce(), before.ofProducts(), before.since(), before.confirmed(), why, clock.instant());
    }

    /// What is in force was good at that time, which is not now.
    public synchronized void confirmedAt(Instant earlier) {
        var before = state;
        state = new State(before.inForce(), before.ofProducts(), before.since(), earlier, before.refused(), before.refusedAt());
    }

    /// Why what is in force may not be the newest, for `/status/ready`; null if it is.
    public @Nullable String doubt() {
        var now = state;
        return now.refused().isEmpty() ? null : "configuration of " + now.confirmed() + ", a newer one is refused or cannot be had";
    }

    /// The configuration's age and health in Prometheus' text format. Any thread.
    public void metrics(PrometheusText out) {
        var now = state;
        out.gauge("tollkeeper_configuration_age_seconds", "Time since the source of the configuration last said what is in force",
                now.inForce().source() instanceof ProductSource.OfPortal || now.refusedAt() != null
                        ? Math.max(0, Duration.between(now.confirmed(), clock.instant()).toSeconds()) : 0);
        out.gauge("tollkeeper_configuration_stale", "1 while a newer configuration is refused or cannot be had", now.refused().isEmpty() ? 0 : 1);
        out.gauge("tollkeeper_configuration_mistakes", "Mistakes of single products of the configuration in force",
                now.ofProducts().stream().filter(Finding::isError).count());
    }

    /// For `tollkeeper status`.
    public String describe() {
        var now = state;
        var origin = now.inForce().origin();
        var text = new StringBuilder("  configuration ").append(origin == null ? withoutFile : origin)
                .append(", ").append(products(now.inForce())).append(", in force since ").append(now.since())
                .append(note(Settings.differing(atStart.settings(), now.inForce().settings()))).append('\n');
        var found = Stream.concat(now.inForce().warnings().stream(), now.ofProducts().stream())
                .sorted(Comparator.comparing(finding -> !finding.isError())).toList();
        for (var finding : found.subList(0, Math.min(MOST_TOLD, found.size()))) {
            text.append("                ").append(finding.text()).append('\n');
        }
        if (found.size() > MOST_TOLD) {
            text.append("                and ").append(found.size() - MOST_TOLD).append(" more findings (tollkeeper check tells all)\n");
        }
        if (now.inForce().source() instanceof ProductSource.OfPortal || now.refusedAt() != null) {
            text.append("                last confirmed at ").append(now.confirmed()).append(", ")
                    .append(Duration.between(now.confirmed(), clock.instant()).toSeconds()).append(" s ago\n");
        }
        if (now.refusedAt() != null) {
            text.append("                a newer one ").append(now.inForce().source() instanceof ProductSource.OfPortal ? "could not be had, or was refused, at " : "was refused at ").append(now.refusedAt()).append(":\n").append(text(now.refused())).append('\n');
        }
        return text.toString();
    }

    private static String products(Configuration configuration) {
        int count = configuration.declared().products().size();
        return count + (count == 1 ? " product" : " products");
    }

    private static String note(List<String> atNextStart) {
        return atNextStart.isEmpty() ? "" : " (read at the next start only: " + String.join(", ", atNextStart) + ")";
    }

    /// Findings as lines.
    public static String text(List<Finding> findings) {
        return String.join("\n", findings.stream().map(Finding::text).toList());
    }
}
