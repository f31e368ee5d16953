package io.tollkeeper.gateway.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.ToLongFunction;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.metrics.PrometheusText;

/// Renders the gateway's metrics in Prometheus' text format, summed over the event loops. Any thread; reads what the
/// loops write without stopping them. Names of the original where it has one (specification, section 14).
public final class MetricsPage {

    /// What is known outside of the loops: read at each scrape.
    ///
    /// @param connections  client connections open now
    /// @param accepted     client connections accepted so far
    /// @param upstreamConnections connections to upstreams open now, busy and idle
    /// @param products     products served
    /// @param configuration version of the configuration in force
    /// @param configurationAgeMillis how long it has been
    public record Gauges(
            long connections, long accepted, long upstreamConnections, long products, long configuration, long configurationAgeMillis) {}

    private static final List<Reason> REASONS = List.of(Reason.values());
    private static final List<LoopMetrics.MeterDecision> DECISIONS = List.of(LoopMetrics.MeterDecision.values());

    /// Label values with what follows them: the second label's name and value without its closing quote.
    private static final String[] BACKEND_CALLS = backendCalls();

    private static String[] backendCalls() {
        String[] endpoints = {"authrep", "auth", "report"};
        String[] classes = {"2xx", "3xx", "4xx", "5xx", "invalid_status"};
        String[] labels = new String[endpoints.length * classes.length];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = endpoints[i / classes.length] + "\",status=\"" + classes[i % classes.length];
        }
        return labels;
    }

    private final List<LoopMetrics> loops;
    private final ProductMetricsRegistry products;

    public MetricsPage(List<LoopMetrics> loops, ProductMetricsRegistry products) {
        this.loops = List.copyOf(loops);
        this.products = products;
    }

    /// One line of the families that have labels per product: a product's, or those of all that have none of their own.
    private record Series(String labels, List<ProductMetrics.Cells> cells) {

        long sum(ToLongFunction<ProductMetrics.Cells> value) {
            long sum = 0;
            for (ProductMetrics.Cells cell : cells) {
                sum += value.applyAsLong(cell);
            }
            return sum;
        }

        long[] sums(Function<ProductMetrics.Cells, long[]> values) {
            long[] sums = new long[LoopMetrics.BUCKETS.length + 1];
            for (ProductMetrics.Cells cell : cells) {
                long[] of = values.apply(cell);
                for (int i = 0; i < sums.length; i++) {
                    sums[i] += of[i];
                }
            }
            return sums;
        }
    }

    private List<Series> series() {
        List<Series> series = new ArrayList<>();
        series.add(new Series("service_id=\"\",service_system_name=\"\"", loops.stream().map(loop -> loop.unlabelled).toList()));
        for (ProductMetrics product : products.all()) {
            series.add(new Series(product.labels(), List.of(product.cells())));
        }
        return series;
    }

    /// Appends the page to `out`.
    public void render(Gauges gauges, PrometheusText out) {
        labelled(out, "apicast_status", "Answers sent to clients, by status.", "status", 600, Integer::toString, loop -> loop.statuses);
        List<Series> series = series();
        upstreamStatuses(out, series);
        histogram(out, series, "total_response_time_seconds", "Time from the request's head to the end of its answer.",
                cells -> cells.responseTime, cells -> cells.responseNanos);
        histogram(out, series, "upstream_response_time_seconds", "Time of the upstream part.",
                cells -> cells.upstreamTime, cells -> cells.upstreamNanos);
        labelled(out, "tollkeeper_reasons_total", "Refusals, failures and warnings, by reason.", "reason",
                REASONS.size(), i -> REASONS.get(i).code(), loop -> loop.reasons);
        labelled(out, "tollkeeper_meter_decisions_total", "Answers of the in-process meter.", "decision",
                DECISIONS.size(), i -> DECISIONS.get(i).name().toLowerCase(Locale.ROOT), loop -> loop.meterDecisions);
        labelled(out, "threescale_backend_calls", "Calls to the 3scale backend", "endpoint",
                BACKEND_CALLS.length, i -> BACKEND_CALLS[i], loop -> loop.backendCalls);
        labelled(out, "tollkeeper_auth_cache_total", "Decisions looked for among those a remote meter had made.", "result",
                2, i -> i == 0 ? "hit" : "miss", loop -> loop.authCache);
        out.counter("batching_policy_auths_cache_hits", "Hits in the auths cache of the 3scale batching policy",
                sum(loop -> loop.batcherHits));
        out.counter("batching_policy_auths_cache_misses", "Misses in the auths cache of the 3scale batching policy",
                sum(loop -> loop.batcherMisses));
        out.counter("tollkeeper_batch_usage_dropped_total", "Calls whose usage was dropped because too much waits to be handed in.",
                sum(loop -> loop.usageDropped));
        out.counter("tollkeeper_batch_reports_repeated_total", "Reports that a meter did not take at once.",
                sum(loop -> loop.batchesRepeated));
        out.counter("tollkeeper_meter_reports_inline_total", "Calls that waited for their report because the queue was full.",
                sum(loop -> loop.reportsInline));
        out.counter("tollkeeper_meter_reports_lost_total", "Reports that a remote meter did not take; their usage is not counted.",
                sum(loop -> loop.reportsLost));
        out.counter("tollkeeper_meter_uncounted_total", "Calls that passed uncounted because the meter could not write.",
                sum(loop -> loop.uncounted));
        out.counter("tollkeeper_response_codes_lost_total", "Calls whose status could not be counted.",
                sum(loop -> loop.codesLost));
        out.counter("tollkeeper_application_loads_total", "Calls that waited for their application to be loaded.",
                sum(loop -> loop.loads));
        out.seconds("tollkeeper_application_load_seconds_total", "Time those calls waited.", sum(loop -> loop.loadNanos));
        out.counter("tollkeeper_received_bytes_total", "Bytes of request bodies and heads.", sum(loop -> loop.bytesIn));
        out.counter("tollkeeper_sent_bytes_total", "Bytes of answer bodies.", sum(loop -> loop.bytesOut));
        out.family("tollkeeper_upstream_calls_total", "counter", "Calls of upstreams, by connection.");
        out.sample("tollkeeper_upstream_calls_total{connection=\"new\"}", sum(loop -> loop.upstreamConnects));
        out.sample("tollkeeper_upstream_calls_total{connection=\"reused\"}", sum(loop -> loop.upstreamReuses));
        out.gauge("tollkeeper_upstream_connections", "Connections to upstreams, busy and idle.",
                gauges.upstreamConnections());
        out.counter("tollkeeper_upstream_retries_total", "Requests sent a second time.", sum(loop -> loop.retries));
        connections(gauges, out);
        out.counter("worker_process", "Starts of this process: one.", 1);
        out.gauge("tollkeeper_exchanges", "Requests being served now.", sum(loop -> loop.inFlight));
        out.family("tollkeeper_event_loop_lag_seconds", "gauge", "How late an event loop came to its last deadline.");
        for (int i = 0; i < loops.size(); i++) {
            out.seconds("tollkeeper_event_loop_lag_seconds{loop=\"" + i + "\"}", loops.get(i).loopLagNanos);
        }
        out.gauge("tollkeeper_products", "Products served.", gauges.products());
        out.gauge("tollkeeper_configuration_version", "Configurations taken over since the start.", gauges.configuration());
        out.gauge("tollkeeper_configuration_age_seconds", "How long the configuration has been in force.", gauges.configurationAgeMillis() / 1000);
    }

    /// nginx's words for what we have: a connection with a request under way is writing, every other one is waiting (or
    /// sends a request's head: we do not tell these apart).
    private void connections(Gauges gauges, PrometheusText out) {
        long busy = Math.min(sum(loop -> loop.inFlight), gauges.connections());
        out.family("nginx_http_connections", "gauge", "Client connections, and the requests they brought.");
        out.sample("nginx_http_connections{state=\"accepted\"}", gauges.accepted());
        out.sample("nginx_http_connections{state=\"active\"}", gauges.connections());
        out.sample("nginx_http_connections{state=\"handled\"}", gauges.accepted());
        out.sample("nginx_http_connections{state=\"total\"}", sum(loop -> loop.requests));
        out.sample("nginx_http_connections{state=\"waiting\"}", gauges.connections() - busy);
        out.sample("nginx_http_connections{state=\"writing\"}", busy);
    }

    private long sum(ToLongFunction<LoopMetrics> value) {
        long sum = 0;
        for (LoopMetrics loop : loops) {
            sum += value.applyAsLong(loop);
        }
        return sum;
    }

    private static void upstreamStatuses(PrometheusText out, List<Series> series) {
        out.family("upstream_status", "counter", "Answers of upstreams, by status; 502, 503, 504 for failures.");
        for (Series one : series) {
            for (int i = 100; i < 600; i++) {
                int status = i;
                long count = one.sum(cells -> cells.upstreamStatus(status));
                if (count > 0) {
                    out.sample("upstream_status{status=\"" + status + "\"," + one.labels() + "}", count);
                }
            }
        }
    }

    /// Series appear with their first event.
    private void labelled(
            PrometheusText out,
            String name,
            String help,
            String label,
            int size,
            IntFunction<String> text,
            Function<LoopMetrics, long[]> cells) {
        out.family(name, "counter", help);
        for (int i = 0; i < size; i++) {
            int at = i;
            long value = sum(loop -> cells.apply(loop)[at]);
            if (value > 0) {
                out.sample(name + "{" + label + "=\"" + text.apply(i) + "\"}", value);
            }
        }
    }

    /// The unlabelled one is there from the start, a product's with its first event.
    private static void histogram(
            PrometheusText out,
            List<Series> series,
            String name,
            String help,
            Function<ProductMetrics.Cells, long[]> counts,
            ToLongFunction<ProductMetrics.Cells> nanos) {
        out.family(name, "histogram", help);
        for (Series one : series) {
            long[] sums = one.sums(counts);
            if (one == series.getFirst() || Arrays.stream(sums).anyMatch(count -> count > 0)) {
                out.histogram(name, one.labels(), LoopMetrics.BUCKETS, sums, one.sum(nanos));
            }
        }
    }
}
