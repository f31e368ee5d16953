package io.tollkeeper.app.operate;

import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Configuration.Loaded;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.core.proxy.Finding;
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
    private volatile State state;

    /// @param ofProducts what is wrong with single products of the one in force
    /// @param refused    what is wrong with the newest file, empty if that is the one in force
    private record State(Configuration inForce, List<Finding> ofProducts, Instant since, List<Finding> refused, @Nullable Instant refusedAt) {}

    /// @param atStart     in force already
    /// @param ofProducts  what is wrong with single products of it
    /// @param withoutFile what is said instead of a file's name when there is none
    public LiveConfiguration(Configuration atStart, List<Finding> ofProducts, String withoutFile, Supplier<Loaded> source, TakeOver takeOver, InstantSource clock) {
        this.atStart = atStart;
        this.withoutFile = withoutFile;
        this.source = source;
        this.takeOver = takeOver;
        this.clock = clock;
        this.state = new State(atStart, ofProducts, clock.instant(), List.of(), null);
    }

    public Configuration current() {
        return state.inForce();
    }

    /// Reads all sources and takes them over.
    public synchronized Outcome reload() {
        return switch (source.get()) {
            case Loaded.Bad(var findings) -> refuse(findings);
            case Loaded.Good(var next) -> switch (takeOver.takeOver(next)) {
                case Took.Over(var ofProducts) -> take(next, ofProducts);
                case Took.Nothing(var findings) -> refuse(findings);
            };
        };
    }

    private Outcome take(Configuration next, List<Finding> ofProducts) {
        state = new State(next, ofProducts, clock.instant(), List.of(), null);
        next.warnings().stream().limit(MOST_TOLD).forEach(warning -> log.warn("{}", warning.text()));
        var atNextStart = Settings.differing(atStart.settings(), next.settings());
        log.info("configuration taken over: {}{}", products(next), note(atNextStart));
        return new Outcome.Taken(next, atNextStart);
    }

    private Outcome refuse(List<Finding> findings) {
        var before = state;
        state = new State(before.inForce(), before.ofProducts(), before.since(), findings, clock.instant());
        log.error("configuration refused, the one of {} stays in force:\n{}", before.since(), text(findings));
        return new Outcome.Refused(findings);
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
        if (now.refusedAt() != null) {
            text.append("                a newer one was refused at ").append(now.refusedAt()).append(":\n").append(text(now.refused())).append('\n');
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
