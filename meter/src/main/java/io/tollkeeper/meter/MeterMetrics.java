package io.tollkeeper.meter;

import java.util.Collection;
import java.util.List;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.metrics.PrometheusText;

/// The meter's counters on one event loop: plain arrays that only this loop writes. A scrape reads them from its own
/// thread and may see a call more or less, never a torn or falling value. Names and labels are the original's, so that
/// its dashboards keep working; reasons are ours.
final class MeterMetrics {

    private static final List<String> TYPES = List.of("authorize", "authorize_oauth", "authrep", "authrep_oauth", "report");
    private static final List<String> RESOURCES = List.of(
            "utilization", "usagelimits", "alert_limits", "referrer_filters", "service_tokens", "applications", "metrics",
            "errors", "events", "stats", "counters", "services", "other");
    private static final List<String> CODES = List.of("2xx", "403", "404", "409", "4xx", "5xx");
    private static final List<Reason> REASONS = List.of(Reason.values());
    private static final double[] BUCKETS = {.01, .02, .03, .04, .05, .06, .07, .08, .09, .1, .25, .5, .75, 1};

    /// Codes and times of a few kinds of calls.
    private static final class Cells {
        private final long[] codes;
        private final long[] times;
        private final long[] nanos;

        Cells(int kinds) {
            codes = new long[kinds * CODES.size()];
            times = new long[kinds * (BUCKETS.length + 1)];
            nanos = new long[kinds];
        }

        void add(int kind, int status, long took) {
            codes[kind * CODES.size() + code(status)]++;
            int bucket = 0;
            while (bucket < BUCKETS.length && took > BUCKETS[bucket] * 1e9) {
                bucket++;
            }
            times[kind * (BUCKETS.length + 1) + bucket]++;
            nanos[kind] += took;
        }

        private static int code(int status) {
            return switch (status) {
                case 403 -> 1;
                case 404 -> 2;
                case 409 -> 3;
                default -> status < 400 ? 0 : status < 500 ? 4 : 5;
            };
        }
    }

    private final Cells listener = new Cells(TYPES.size());
    private final Cells internal = new Cells(RESOURCES.size());
    private final long[] reasons = new long[REASONS.size()];

    /// A call is over; probes and unknown paths are not counted.
    void ended(Route route, String path, int status, long nanos) {
        switch (route) {
            case AUTHORIZE -> listener.add(0, status, nanos);
            case OAUTH_AUTHORIZE -> listener.add(1, status, nanos);
            case AUTHREP -> listener.add(2, status, nanos);
            case OAUTH_AUTHREP -> listener.add(3, status, nanos);
            case REPORT -> listener.add(4, status, nanos);
            case INTERNAL -> internal.add(resource(path), status, nanos);
            case STATUS, CHECK, AVAILABLE, OPTIONS, UNKNOWN -> {
                // nobody's traffic
            }
        }
    }

    void reason(Reason reason) {
        reasons[reason.ordinal()]++;
    }

    private static int resource(String path) {
        int other = RESOURCES.size() - 1;
        for (int i = 0; i < other; i++) {
            if (path.contains(RESOURCES.get(i))) {
                return i;
            }
        }
        return other;
    }

    /// Appends the sums of all loops. Any thread.
    static void render(Collection<MeterMetrics> loops, PrometheusText out) {
        family(out, "apisonator_listener", TYPES, loops.stream().map(loop -> loop.listener).toList());
        family(out, "apisonator_listener_internal_api", RESOURCES, loops.stream().map(loop -> loop.internal).toList());
        out.family("tollkeeper_meter_reasons_total", "counter", "Refusals, failures and voided reports of the meter, by reason.");
        for (int i = 0; i < REASONS.size(); i++) {
            int at = i;
            long value = loops.stream().mapToLong(loop -> loop.reasons[at]).sum();
            if (value > 0) {
                out.sample("tollkeeper_meter_reasons_total{reason=\"" + REASONS.get(i).code() + "\"}", value);
            }
        }
    }

    private static void family(PrometheusText out, String prefix, List<String> kinds, List<Cells> loops) {
        out.family(prefix + "_response_codes", "counter", "Answers, by kind of request and status.");
        for (int i = 0; i < kinds.size() * CODES.size(); i++) {
            int at = i;
            long value = loops.stream().mapToLong(cells -> cells.codes[at]).sum();
            if (value > 0) {
                out.sample(prefix + "_response_codes{request_type=\"" + kinds.get(i / CODES.size()) + "\",resp_code=\""
                        + CODES.get(i % CODES.size()) + "\"}", value);
            }
        }
        out.family(prefix + "_response_times_seconds", "histogram", "Time from the request's head to the end of its answer.");
        for (int kind = 0; kind < kinds.size(); kind++) {
            long[] counts = new long[BUCKETS.length + 1];
            long nanos = 0;
            for (Cells cells : loops) {
                nanos += cells.nanos[kind];
                for (int i = 0; i < counts.length; i++) {
                    counts[i] += cells.times[kind * counts.length + i];
                }
            }
            if (nanos > 0) {
                out.histogram(prefix + "_response_times_seconds", "request_type=\"" + kinds.get(kind) + '"', BUCKETS, counts, nanos);
            }
        }
    }
}
