package io.tollkeeper.doctor.explain;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.Flights;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.verdict.Verdict;
import io.tollkeeper.core.verdict.VerdictRules;
import org.jspecify.annotations.Nullable;

/// Explains a request by its id: the verdict on its record, and whether the same happened to others. Runs on a virtual
/// thread; may block for records on disk.
public final class Explainer {

    private static final int LOOKED_AT = 10_000;
    private static final Duration LATELY = Duration.ofHours(1);
    private static final String EXAMPLE = RequestId.text(0x0199_5B2E_77AA_1234L, 0x1F2E_3D4C_5B6A_7988L);

    private final Flights flights;
    private final Function<FlightRecord, List<String>> facts;
    private final InstantSource clock;

    /// @param facts more evidence, looked up now, see [CatalogFacts]; may block
    public Explainer(Flights flights, Function<FlightRecord, List<String>> facts, InstantSource clock) {
        this.flights = flights;
        this.facts = facts;
        this.clock = clock;
    }

    /// Explains the request of this id, as it stands in `X-Request-Id` of its answer and in the access log.
    public Explanation explain(String text) {
        RequestId id = RequestId.parse(text.strip());
        if (id == null) {
            return new Explanation.Unknown("\"" + text.strip() + "\" is not a request id (expected: the X-Request-Id of an answer, "
                    + RequestId.LENGTH + " letters and digits such as " + EXAMPLE + ")");
        }
        FlightRecord record = flights.find(id);
        return record == null
                ? new Explanation.Unknown(nothingKept(id))
                : new Explanation.Found(TextLayout.of(withHistory(VerdictRules.explain(record), record)));
    }

    /// Why nothing is known: the id itself tells when it was made.
    private String nothingKept(RequestId id) {
        Instant made = Instant.ofEpochMilli(id.millis());
        Duration age = Duration.between(made, clock.instant());
        String when = age.isNegative()
                ? "it says it was made in the future, at " + made.truncatedTo(ChronoUnit.SECONDS) + ": no gateway of ours made it"
                : "it was made " + ago(age) + " ago, at " + made.truncatedTo(ChronoUnit.SECONDS);
        return "no record of " + id + ": " + when
                + ". Kept are failures, within quotas per product and application, and a sample of successes, until newer ones"
                + " take their place; the access log has a line of every request";
    }

    private Verdict withHistory(Verdict verdict, FlightRecord record) {
        Reason reason = record.reason();
        if (reason == null) {
            return verdict;
        }
        List<String> evidence = new ArrayList<>(verdict.evidence());
        evidence.addAll(facts.apply(record));
        String history = history(record, reason);
        if (history != null) {
            evidence.add(history);
        }
        return new Verdict(
                verdict.headline(), verdict.reason(), verdict.path(), evidence, verdict.fix(), verdict.publicPart());
    }

    /// Whether the same reason struck the same product lately, as far as records were kept.
    private @Nullable String history(FlightRecord record, Reason reason) {
        long now = clock.millis();
        long since = now - LATELY.toMillis();
        int others = 0;
        long first = record.receivedMillis();
        for (FlightRecord other : flights.newest(LOOKED_AT)) {
            boolean same = other.reason() == reason
                    && Objects.equals(other.productId(), record.productId())
                    && !other.id().equals(record.id())
                    && other.receivedMillis() >= since;
            if (same) {
                others++;
                first = Math.min(first, other.receivedMillis());
            }
        }
        if (others == 0) {
            return null;
        }
        String of = record.productId() == null ? "" : " for product " + record.productId();
        return "same reason " + others + (others == 1 ? " more time" : " more times") + " in the last hour" + of
                + " among the records kept; first " + ago(Duration.ofMillis(Math.max(0, now - first))) + " ago";
    }

    private static String ago(Duration age) {
        long seconds = age.toSeconds();
        return seconds < 120
                ? seconds + " s"
                : seconds < 7_200 ? seconds / 60 + " min" : seconds < 172_800 ? seconds / 3_600 + " h" : seconds / 86_400 + " days";
    }
}
