package io.tollkeeper.core.verdict;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.Redaction;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.verdict.Verdict.Hop;
import io.tollkeeper.core.verdict.Verdict.State;
import org.jspecify.annotations.Nullable;

/// From a kept flight record to a verdict. Pure functions; any thread. Blames only whom the record proves something
/// against: a hop fails because of the reason's family, later hops were not reached.
public final class VerdictRules {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    /// The parties, in the order of the road.
    private enum Party {
        CLIENT,
        GATEWAY,
        METER,
        NAMES,
        UPSTREAM
    }

    private VerdictRules() {}

    /// Explains a record.
    public static Verdict explain(FlightRecord record) {
        Reason reason = record.reason();
        return new Verdict(
                headline(record), reason, path(record), evidence(record), fix(record), publicPart(record));
    }

    // ---- headline and what the public saw

    private static String headline(FlightRecord record) {
        StringBuilder line = new StringBuilder("request ")
                .append(record.id())
                .append("  ")
                .append(orDash(record.method()))
                .append(' ')
                .append(record.host() == null ? "" : record.host())
                .append(record.target() == null ? "-" : Redaction.target(record.target(), record.credentialName()))
                .append("   ")
                .append(TIME.format(Instant.ofEpochMilli(record.receivedMillis())))
                .append("   ");
        if (record.statusSent() == 0) {
            line.append("no status sent");
        } else {
            line.append(record.statusSent()).append(" sent");
        }
        long micros = record.microsUntil(Stage.DONE);
        if (micros >= 0) {
            line.append(" in ").append(millis(micros));
        }
        return line.toString();
    }

    private static String publicPart(FlightRecord record) {
        Reason reason = record.reason();
        if (record.statusSent() == 0 || reason == Reason.ABORTED) {
            return "the client received no complete answer";
        }
        if (record.kind() == FlightRecord.RequestKind.METER) {
            return publicPartOfMeter(record, reason);
        }
        if (record.statusWriter() == StatusWriter.UPSTREAM || reason == null) {
            return "the client saw the upstream's own answer, status " + record.statusSent();
        }
        return "the client saw only: status " + record.statusSent() + ", request id, \"" + reason.sentence() + '"';
    }

    private static String publicPartOfMeter(FlightRecord record, @Nullable Reason reason) {
        String saw = "the caller saw status " + record.statusSent();
        if (reason == null) {
            return saw;
        }
        if (record.statusSent() < 300) {
            return saw + " and was not told: reports are looked at only after they are accepted";
        }
        String code = reason.meterCode();
        return saw + (code == null ? "" : ", code " + code + (reason.isRejection() ? " (if it asked for 3scale-rejection-reason)" : ""))
                + ", request id";
    }

    // ---- path

    private static List<Hop> path(FlightRecord record) {
        List<Hop> path = new ArrayList<>();
        Party failed = failedParty(record.reason());
        if (record.kind() == FlightRecord.RequestKind.METER) {
            path.add(new Hop("caller", failed == Party.CLIENT ? State.FAILED : State.PASSED));
            path.add(new Hop(
                    "service-management",
                    failed == null ? State.PASSED : failed == Party.CLIENT ? State.NOT_REACHED : State.FAILED));
            return path;
        }
        boolean aborted = record.reason() == Reason.ABORTED;
        path.add(new Hop("client", state(Party.CLIENT, failed, true, false)));
        path.add(new Hop("gateway", state(Party.GATEWAY, failed, aborted || failed != Party.CLIENT, false)));
        path.add(new Hop("service-management", state(Party.METER, failed, record.reached(Stage.METER), false)));
        if (failed == Party.NAMES) {
            path.add(new Hop("name server", State.FAILED));
        }
        boolean asked = record.reached(Stage.UPSTREAM_HEAD_SENT);
        boolean answered = record.statusReceived() != 0 || record.reached(Stage.FIRST_BYTE);
        path.add(new Hop(upstreamName(record), state(Party.UPSTREAM, failed, answered, asked)));
        return path;
    }

    private static State state(Party party, @Nullable Party failed, boolean passed, boolean asked) {
        if (party == failed) {
            return State.FAILED;
        }
        return passed ? State.PASSED : asked ? State.WAITING : State.NOT_REACHED;
    }

    private static String upstreamName(FlightRecord record) {
        String name = record.upstreamHost();
        String address = record.upstreamAddress();
        if (name == null) {
            return address == null ? "upstream" : "upstream " + address;
        }
        return address == null || address.equals(name) ? "upstream " + name : "upstream " + name + " (" + address + ")";
    }

    /// Whose hop shows the failure; none for a success or a mere warning.
    private static @Nullable Party failedParty(@Nullable Reason reason) {
        return switch (reason) {
            case null -> null;
            case DNS_STALE_USED, CONFIG_STALE -> null;
            case NO_CREDENTIALS, METHOD_NOT_ALLOWED, UPSTREAM_POOL_EXHAUSTED -> Party.GATEWAY;
            case BAD_REQUEST,
                    NOT_VALID_DATA,
                    CONTENT_TYPE_INVALID,
                    CALLER_CREDENTIALS_REQUIRED,
                    SERVICE_ID_MISSING,
                    TRANSACTIONS_BLANK,
                    TRANSACTIONS_FORMAT_INVALID,
                    TRANSACTION_NIL,
                    USAGE_NOT_A_MAP,
                    END_USERS_NO_LONGER_SUPPORTED,
                    METER_NOT_FOUND -> Party.CLIENT;
            default ->
                switch (reason.code().charAt(0)) {
                    case 'C' -> Party.CLIENT;
                    case 'R', 'G' -> Party.GATEWAY;
                    case 'D' -> Party.NAMES;
                    case 'U' -> Party.UPSTREAM;
                    default -> Party.METER; // A-, L-, M-, S-, STORE-, OVERLOAD
                };
        };
    }

    // ---- evidence

    private static List<String> evidence(FlightRecord record) {
        List<String> lines = new ArrayList<>();
        if (record.evidence() != null) {
            lines.add(record.evidence());
        }
        asked(record, lines);
        meter(record, lines);
        notes(record, lines);
        limit(record, lines);
        journal(record, lines);
        if (record.kind() == FlightRecord.RequestKind.PROXIED) {
            connection(record, lines);
        }
        answer(record, lines);
        times(record, lines);
        for (Reason other : record.contributing()) {
            lines.add("also " + other.code() + ": " + other.sentence());
        }
        return lines;
    }

    private static void asked(FlightRecord record, List<String> lines) {
        StringBuilder line = new StringBuilder();
        if (record.productId() != null) {
            line.append("product ").append(record.productId());
        }
        if (record.applicationId() != null) {
            line.append(line.isEmpty() ? "" : ", ").append("application ").append(record.applicationId());
        }
        if (record.credential() != null) {
            line.append(line.isEmpty() ? "" : ", ")
                    .append(record.credentialName() == null ? "credential" : record.credentialName())
                    .append(' ')
                    .append(Redaction.shortened(record.credential()));
        }
        if (!line.isEmpty()) {
            lines.add(line.toString());
        }
        if (record.normalPath() != null) {
            lines.add("mapping rules saw the path " + record.normalPath());
        }
        if (record.metrics() > 0) {
            StringBuilder usage = new StringBuilder("usage");
            int listed = Math.min(record.metrics(), FlightRecord.LISTED);
            for (int i = 0; i < listed; i++) {
                boolean ancestor = record.namedMetrics() > 0 && i == record.namedMetrics();
                usage.append(i == 0 ? " " : ancestor ? ", rolled up to " : ", ")
                        .append(record.metricName(i)).append('=').append(record.metricAmount(i));
            }
            if (record.metrics() > listed) {
                usage.append(" and ").append(record.metrics() - listed).append(" more");
            }
            if (record.rules() > 0) {
                usage.append(record.rules() == 1 ? ", from 1 mapping rule" : ", from " + record.rules() + " mapping rules");
            }
            lines.add(usage.toString());
        }
    }

    /// Which meter decided, or what did in its place.
    private static void meter(FlightRecord record, List<String> lines) {
        String host = record.meterHost();
        if (host == null) {
            return;
        }
        String which = "service management at " + host;
        lines.add(switch (record.decidedBy()) {
            case ANSWER -> which + " was asked and answered " + record.meterStatus();
            case CACHE -> which + " was not asked before: it had let in an equal call; it hears of this one afterwards";
            case CACHE_IN_OUTAGE -> which + " was asked and did not decide" + answered(record)
                    + "; it had let in an equal call before, which held";
            case UNTOLD -> which + " was asked and did not decide" + answered(record);
        });
    }

    private static String answered(FlightRecord record) {
        return record.meterStatus() == 0 ? ": no answer" : ": status " + record.meterStatus();
    }

    private static void notes(FlightRecord record, List<String> lines) {
        int listed = Math.min(record.notes(), FlightRecord.LISTED);
        for (int i = 0; i < listed; i++) {
            lines.add(record.noteText(i));
        }
        if (record.notes() > listed) {
            lines.add("and " + (record.notes() - listed) + " more of these");
        }
    }

    /// What the meter counted, and when that was safe.
    private static void journal(FlightRecord record, List<String> lines) {
        if (record.kind() != FlightRecord.RequestKind.METER || record.decision() == FlightRecord.Outcome.NONE) {
            return;
        }
        if (record.journalSequence() == 0) {
            lines.add("nothing was counted");
            return;
        }
        String line = "counted as row " + record.journalSequence() + " of the journal";
        if (record.reached(Stage.COMMITTED) && record.reached(Stage.METER)) {
            line += ", on disk " + millis((record.stamp(Stage.COMMITTED) - record.stamp(Stage.METER)) / 1_000) + " later";
        }
        lines.add(line);
    }

    private static void limit(FlightRecord record, List<String> lines) {
        Period period = record.limitPeriod();
        if (record.limitMetric() == null || period == null) {
            return;
        }
        StringBuilder line = new StringBuilder("limit ")
                .append(record.limitMetric())
                .append(" per ")
                .append(period.wireName())
                .append(": ")
                .append(record.limitValue())
                .append(" counted, this call asks for ")
                .append(record.limitAsked())
                .append(", allowed are ")
                .append(record.limitMax());
        if (period != Period.ETERNITY && record.limitEnds() > 0) {
            long now = record.receivedMillis() / 1_000;
            line.append("; window ").append(Instant.ofEpochSecond(period.start(record.limitEnds() - 1)))
                    .append(" to ").append(Instant.ofEpochSecond(record.limitEnds()))
                    .append(", starts anew ").append(Math.max(0, record.limitEnds() - now)).append(" s after this call");
        }
        lines.add(line.toString());
    }

    private static void connection(FlightRecord record, List<String> lines) {
        if (record.connectionId() == 0) {
            return;
        }
        StringBuilder line = new StringBuilder(record.connectionReused() ? "reused" : "new")
                .append(" connection #")
                .append(record.connectionId());
        if (record.connectionStream() != 0) {
            line.append(" (HTTP/2), stream ").append(record.connectionStream());
        }
        if (record.connectionReused()) {
            line.append(", idle ").append(seconds(record.connectionIdleMillis()));
            line.append(", age ").append(seconds(record.connectionAgeMillis()));
        }
        line.append("; ").append(record.upstreamBytesSent()).append(" bytes sent");
        if (!record.requestSent()) {
            line.append(" (request not complete)");
        }
        line.append(", ").append(record.upstreamBytesReceived()).append(" response bytes");
        lines.add(line.toString());
        if (record.reason() == Reason.UPSTREAM_STALE_REUSE && record.upstreamCloseMillis() > 0) {
            lines.add("this upstream was seen to close idle connections after "
                    + seconds(record.upstreamCloseMillis())
                    + (record.poolIdleMillis() > 0 ? "; our pool keeps them " + seconds(record.poolIdleMillis()) : ""));
        }
        if (record.retries() > 0) {
            lines.add(record.retries() == 1 ? "retried once" : "retried " + record.retries() + " times");
        } else if (record.reason() == Reason.UPSTREAM_STALE_REUSE
                && (record.evidence() == null || !record.evidence().contains("not repeated"))) {
            lines.add("not retried: the request could not safely be sent a second time");
        }
        if (record.serverName() != null) {
            lines.add("server name sent: " + record.serverName());
        }
    }

    private static void answer(FlightRecord record, List<String> lines) {
        if (record.reason() == Reason.UPSTREAM_TRUNCATED && record.upstreamBytesExpected() >= 0) {
            lines.add("body: " + record.upstreamBytesReceived() + " of " + record.upstreamBytesExpected() + " bytes");
        }
        if (record.statusReceived() != 0 && record.statusReceived() != record.statusSent()) {
            lines.add("the upstream's status was " + record.statusReceived());
        } else if (record.reason() == Reason.UPSTREAM_STATUS) {
            lines.add("status " + record.statusReceived() + " was written by the upstream");
        }
    }

    private static void times(FlightRecord record, List<String> lines) {
        StringBuilder line = new StringBuilder("times");
        for (Stage stage : Stage.values()) {
            long micros = record.microsUntil(stage);
            if (micros >= 0) {
                line.append(line.length() == 5 ? " " : ", ")
                        .append(stage.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                        .append(' ')
                        .append(millis(micros));
            }
        }
        if (line.length() > 5) {
            lines.add(line.toString());
        }
    }

    // ---- fix

    private static List<String> fix(FlightRecord record) {
        Reason reason = record.reason();
        if (reason == null) {
            return List.of();
        }
        List<String> lines = new ArrayList<>();
        lines.add(reason.fix());
        if (reason == Reason.UPSTREAM_STALE_REUSE && record.upstreamCloseMillis() > 1_000) {
            lines.add("here: an idle time of " + seconds(record.upstreamCloseMillis() - 1_000) + " or less");
        }
        Period period = record.limitPeriod();
        if (reason == Reason.LIMIT && period != null && period != Period.ETERNITY && record.limitEnds() > 0) {
            long wait = record.limitEnds() - record.receivedMillis() / 1_000;
            lines.add("here: from " + Instant.ofEpochSecond(record.limitEnds()) + " on, " + wait + " s after this call");
        }
        return lines;
    }

    private static String orDash(@Nullable String text) {
        return text == null ? "-" : text;
    }

    private static String millis(long micros) {
        return micros < 1_000
                ? micros + " µs"
                : micros < 10_000 ? String.format(Locale.ROOT, "%.1f ms", micros / 1_000.0) : micros / 1_000 + " ms";
    }

    private static String seconds(long millis) {
        return String.format(Locale.ROOT, "%.1f s", millis / 1_000.0);
    }
}
