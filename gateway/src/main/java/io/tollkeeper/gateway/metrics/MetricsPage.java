package io.tollkeeper.gateway.metrics;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.ToLongFunction;

import io.tollkeeper.core.reason.Reason;

/// Renders the gateway's metrics in Prometheus' text format, summed over the event loops. Any thread; reads what the
/// loops write without stopping them. Names of the original where it has one (specification, section 14).
public final class MetricsPage {

    /// What is known outside of the loops: read at each scrape.
    ///
    /// @param connections  client connections open now
    /// @param logDropped   access log lines that found their ring full
    /// @param logWritten   access log lines written
    /// @param upstreamConnections connections to upstreams open now, busy and idle
    /// @param products     products served
    /// @param configuration version of the configuration in force
    public record Gauges(long connections, long logDropped, long logWritten, long upstreamConnections, long products, long configuration) {}

    private static final List<Reason> REASONS = List.of(Reason.values());
    private static final List<LoopMetrics.MeterDecision> DECISIONS = List.of(LoopMetrics.MeterDecision.values());

    private final List<LoopMetrics> loops;

    public MetricsPage(List<LoopMetrics> loops) {
        this.loops = List.copyOf(loops);
    }

    /// Appends the page to `out`.
    public void render(Gauges gauges, StringBuilder out) {
        statuses(out, "apicast_status", "Answers sent to clients, by status.", loop -> loop.statuses);
        statuses(out, "upstream_status", "Answers of upstreams, by status; 502, 503, 504 for failures.",
                loop -> loop.upstreamStatuses);
        histogram(out, "total_response_time_seconds", "Time from the request's head to the end of its answer.",
                loop -> loop.responseTime, loop -> loop.responseNanos);
        histogram(out, "upstream_response_time_seconds", "Time of the upstream part.",
                loop -> loop.upstreamTime, loop -> loop.upstreamNanos);
        labelled(out, "tollkeeper_reasons_total", "Refusals, failures and warnings, by reason.", "reason",
                REASONS.size(), i -> REASONS.get(i).code(), loop -> loop.reasons);
        labelled(out, "tollkeeper_meter_decisions_total", "Answers of the in-process meter.", "decision",
                DECISIONS.size(), i -> DECISIONS.get(i).name().toLowerCase(Locale.ROOT), loop -> loop.meterDecisions);
        counter(out, "tollkeeper_meter_uncounted_total", "Calls that passed uncounted because the meter could not write.",
                sum(loop -> loop.uncounted));
        counter(out, "tollkeeper_application_loads_total", "Calls that waited for their application to be loaded.",
                sum(loop -> loop.loads));
        seconds(out, "tollkeeper_application_load_seconds_total", "Time those calls waited.", sum(loop -> loop.loadNanos));
        counter(out, "tollkeeper_received_bytes_total", "Bytes of request bodies and heads.", sum(loop -> loop.bytesIn));
        counter(out, "tollkeeper_sent_bytes_total", "Bytes of answer bodies.", sum(loop -> loop.bytesOut));
        head(out, "tollkeeper_upstream_calls_total", "counter", "Calls of upstreams, by connection.");
        sample(out, "tollkeeper_upstream_calls_total{connection=\"new\"}", sum(loop -> loop.upstreamConnects));
        sample(out, "tollkeeper_upstream_calls_total{connection=\"reused\"}", sum(loop -> loop.upstreamReuses));
        gauge(out, "tollkeeper_upstream_connections", "Connections to upstreams, busy and idle.",
                gauges.upstreamConnections());
        counter(out, "tollkeeper_upstream_retries_total", "Requests sent a second time.", sum(loop -> loop.retries));
        head(out, "nginx_http_connections", "gauge", "Client connections.");
        sample(out, "nginx_http_connections{state=\"active\"}", gauges.connections());
        gauge(out, "tollkeeper_exchanges", "Requests being served now.", sum(loop -> loop.inFlight));
        head(out, "tollkeeper_event_loop_lag_seconds", "gauge", "How late an event loop came to its last deadline.");
        for (int i = 0; i < loops.size(); i++) {
            out.append("tollkeeper_event_loop_lag_seconds{loop=\"").append(i).append("\"} ")
                    .append(loops.get(i).loopLagNanos / 1e9).append('\n');
        }
        counter(out, "tollkeeper_flight_records_kept_total", "Requests whose record was kept for explain.",
                sum(loop -> loop.flightsKept));
        counter(out, "tollkeeper_access_log_lines_total", "Access log lines written.", gauges.logWritten());
        counter(out, "tollkeeper_access_log_dropped_total", "Access log lines dropped because their ring was full.",
                gauges.logDropped());
        gauge(out, "tollkeeper_products", "Products served.", gauges.products());
        gauge(out, "tollkeeper_configuration_version", "Configurations taken over since the start.", gauges.configuration());
    }

    private long sum(ToLongFunction<LoopMetrics> value) {
        long sum = 0;
        for (LoopMetrics loop : loops) {
            sum += value.applyAsLong(loop);
        }
        return sum;
    }

    private void statuses(StringBuilder out, String name, String help, Function<LoopMetrics, long[]> cells) {
        labelled(out, name, help, "status", 600, Integer::toString, cells);
    }

    /// Series appear with their first event.
    private void labelled(
            StringBuilder out,
            String name,
            String help,
            String label,
            int size,
            IntFunction<String> text,
            Function<LoopMetrics, long[]> cells) {
        head(out, name, "counter", help);
        for (int i = 0; i < size; i++) {
            int at = i;
            long value = sum(loop -> cells.apply(loop)[at]);
            if (value > 0) {
                sample(out, name + "{" + label + "=\"" + text.apply(i) + "\"}", value);
            }
        }
    }

    private void histogram(
            StringBuilder out,
            String name,
            String help,
            Function<LoopMetrics, long[]> cells,
            ToLongFunction<LoopMetrics> nanos) {
        head(out, name, "histogram", help);
        long count = 0;
        for (int i = 0; i <= LoopMetrics.BUCKETS.length; i++) {
            int at = i;
            count += sum(loop -> cells.apply(loop)[at]);
            String bound = i == LoopMetrics.BUCKETS.length ? "+Inf" : bound(LoopMetrics.BUCKETS[i]);
            sample(out, name + "_bucket{service_id=\"\",service_system_name=\"\",le=\"" + bound + "\"}", count);
        }
        out.append(name).append("_sum{service_id=\"\",service_system_name=\"\"} ").append(sum(nanos) / 1e9).append('\n');
        sample(out, name + "_count{service_id=\"\",service_system_name=\"\"}", count);
    }

    private static String bound(double seconds) {
        return seconds == Math.rint(seconds) ? Long.toString((long) seconds) : Double.toString(seconds);
    }

    private static void counter(StringBuilder out, String name, String help, long value) {
        head(out, name, "counter", help);
        sample(out, name, value);
    }

    private static void seconds(StringBuilder out, String name, String help, long nanos) {
        head(out, name, "counter", help);
        out.append(name).append(' ').append(nanos / 1e9).append('\n');
    }

    private static void gauge(StringBuilder out, String name, String help, long value) {
        head(out, name, "gauge", help);
        sample(out, name, value);
    }

    private static void head(StringBuilder out, String name, String type, String help) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static void sample(StringBuilder out, String series, long value) {
        out.append(series).append(' ').append(value).append('\n');
    }
}
