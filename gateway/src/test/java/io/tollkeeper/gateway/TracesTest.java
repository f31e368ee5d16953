package io.tollkeeper.gateway;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;

import io.tollkeeper.gateway.trace.TraceSettings;
import io.tollkeeper.http.fetch.FetchUrl;
import io.tollkeeper.testkit.Conversation;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Section 15.4 of the gateway specification: what a collector is sent and what an upstream sees of it.
class TracesTest {

    private static final String PARENT = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-";

    private final MemoryMeter meter = new MemoryMeter()
            .product("api", "1", List.of("hits"))
            .application("api", "app-1", "active")
            .userKey("api", "s3cret-key", "app-1");
    private final Collector collector = new Collector();
    private RudePeer upstream;
    private RudePeer peer;

    @BeforeEach
    void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        peer = RudePeer.start(collector);
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        upstream.close();
    }

    /// Takes what it is sent.
    private static final class Collector implements Manner {
        final List<Map<String, Object>> spans = new CopyOnWriteArrayList<>();
        volatile int status = 200;

        @Override
        public boolean meet(Conversation with) throws IOException {
            var request = with.readRequest();
            if (request == null) {
                return false;
            }
            assertThat(request.target()).isEqualTo("/v1/traces");
            assertThat(request.header("content-type")).isEqualTo("application/x-protobuf");
            if (status == 200) {
                spans.addAll(Proto.spans(request.body()));
            }
            with.write("HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n");
            return true;
        }

        Map<String, Object> await(String kind) {
            return Eventually.value("a span of kind " + kind,
                    () -> spans.stream().filter(span -> kind.equals(span.get("kind") + " " + span.get("name"))).findFirst(),
                    found -> found.isPresent()).orElseThrow();
        }
    }

    /// As much of protobuf as a test of it needs.
    private static final class Proto {
        private final byte[] bytes;
        private int at;
        private final int end;

        private Proto(byte[] bytes, int from, int to) {
            this.bytes = bytes;
            this.at = from;
            this.end = to;
        }

        private long varint() {
            long value = 0;
            for (int shift = 0; ; shift += 7) {
                byte b = bytes[at++];
                value |= (long) (b & 0x7f) << shift;
                if (b >= 0) {
                    return value;
                }
            }
        }

        private long fixed(int length) {
            long value = 0;
            for (int i = 0; i < length; i++) {
                value |= (bytes[at++] & 0xffL) << 8 * i;
            }
            return value;
        }

        /// Fields in their order: numbers as Long, everything else as another reader.
        private List<Map.Entry<Integer, Object>> fields() {
            List<Map.Entry<Integer, Object>> fields = new ArrayList<>();
            while (at < end) {
                long tag = varint();
                Object value = switch ((int) tag & 7) {
                    case 0 -> varint();
                    case 1 -> fixed(8);
                    case 5 -> fixed(4);
                    default -> {
                        int length = (int) varint();
                        at += length;
                        yield new Proto(bytes, at - length, at);
                    }
                };
                fields.add(Map.entry((int) (tag >>> 3), value));
            }
            return fields;
        }

        private String text() {
            return new String(bytes, at, end - at, StandardCharsets.UTF_8);
        }

        private String hex() {
            return HexFormat.of().formatHex(bytes, at, end);
        }

        private static List<Object> all(Object message, int field) {
            return ((Proto) message).copy().fields().stream().filter(entry -> entry.getKey() == field).map(Map.Entry::getValue).toList();
        }

        private Proto copy() {
            return new Proto(bytes, at, end);
        }

        static List<Map<String, Object>> spans(byte[] request) {
            List<Map<String, Object>> found = new ArrayList<>();
            for (Object resourceSpans : all(new Proto(request, 0, request.length), 1)) {
                Map<String, Object> resource = attributes(all(resourceSpans, 1).getFirst(), 1);
                for (Object scopeSpans : all(resourceSpans, 2)) {
                    for (Object span : all(scopeSpans, 2)) {
                        Map<String, Object> text = new LinkedHashMap<>(resource);
                        text.putAll(attributes(span, 9));
                        for (var entry : ((Proto) span).copy().fields()) {
                            switch (entry.getKey()) {
                                case 1 -> text.put("trace", ((Proto) entry.getValue()).hex());
                                case 2 -> text.put("span", ((Proto) entry.getValue()).hex());
                                case 4 -> text.put("parent", ((Proto) entry.getValue()).hex());
                                case 5 -> text.put("name", ((Proto) entry.getValue()).text());
                                case 6 -> text.put("kind", entry.getValue());
                                case 7 -> text.put("start", entry.getValue());
                                case 8 -> text.put("end", entry.getValue());
                                case 15 -> text.put("status", all(entry.getValue(), 3).getFirst());
                                default -> {}
                            }
                        }
                        found.add(text);
                    }
                }
            }
            return found;
        }

        private static Map<String, Object> attributes(Object message, int field) {
            Map<String, Object> attributes = new LinkedHashMap<>();
            for (Object pair : all(message, field)) {
                Object any = all(pair, 2).getFirst();
                Object value = ((Proto) any).copy().fields().getFirst().getValue();
                attributes.put(((Proto) all(pair, 1).getFirst()).text(), value instanceof Proto text ? text.text() : value);
            }
            return attributes;
        }
    }

    private static long number(Map<String, Object> span, String name) {
        return (long) Objects.requireNonNull(span.get(name));
    }

    private RunningGateway gateway(double ratio, int queue) throws IOException {
        FetchUrl url = Objects.requireNonNull(FetchUrl.parse("http://127.0.0.1:" + peer.port() + "/v1/traces"));
        return RunningGateway.over(meter)
                .traces(new TraceSettings(url, null, "shop", ratio, true, queue, 512, Duration.ofMillis(20)))
                .products(RunningGateway.product("http://127.0.0.1:" + upstream.port()))
                .start();
    }

    @Test
    void aCallIsAServerSpanWithMeterAndUpstreamBelowIt() throws IOException {
        try (RunningGateway gateway = gateway(1, 100)) {
            RawAnswer answer = gateway.get("/a/b?user_key=s3cret-key&x=1");
            Map<String, Object> server = collector.await("2 GET");
            assertThat(server).containsEntry("service.name", "shop").containsEntry("http.request.method", "GET")
                    .containsEntry("url.scheme", "http").containsEntry("url.path", "/a/b").containsEntry("server.address", "api.test")
                    .containsEntry("server.port", (long) gateway.port()).containsEntry("client.address", "127.0.0.1")
                    .containsEntry("network.protocol.version", "1.1").containsEntry("http.response.status_code", 200L)
                    .containsEntry("tollkeeper.product", "api").containsEntry("tollkeeper.application", "app-1")
                    .containsEntry("tollkeeper.request_id", answer.header("x-request-id"))
                    .doesNotContainKeys("parent", "status", "error.type");
            assertThat(String.valueOf(server.get("original_request_uri"))).startsWith("http://api.test/a/b?user_key=").endsWith("&x=1")
                    .doesNotContain("s3cret-key");
            Map<String, Object> calling = collector.await("3 GET");
            assertThat(calling).containsEntry("trace", server.get("trace")).containsEntry("parent", server.get("span"))
                    .containsEntry("network.peer.port", (long) upstream.port()).containsEntry("http.response.status_code", 200L);
            assertThat(collector.await("1 authorize")).containsEntry("parent", server.get("span")).containsEntry("tollkeeper.decision", "granted");
            assertThat(upstream.lastRequest().header("traceparent")).isEqualTo("00-" + server.get("trace") + "-" + calling.get("span") + "-01");
            for (Map<String, Object> span : collector.spans) {
                long start = number(span, "start");
                assertThat(start).isBetween((System.currentTimeMillis() - 60_000) * 1_000_000, System.currentTimeMillis() * 1_000_000 + 1_000_000_000);
                assertThat(number(span, "end")).isGreaterThanOrEqualTo(start);
            }
            Eventually.passes(() -> assertThat(gateway.metrics()).contains("tollkeeper_trace_spans_sent_total 3"));
        }
    }

    @Test
    void aCallersTraceGoesOnAndItsDecisionCounts() throws IOException {
        try (RunningGateway gateway = gateway(0, 100)) {
            gateway.get("/a?user_key=s3cret-key", PARENT + "00", "tracestate: a=1");
            assertThat(upstream.lastRequest().header("traceparent")).matches("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00");
            gateway.get("/a?user_key=s3cret-key", PARENT + "01", "tracestate: a=1");
            assertThat(upstream.lastRequest().header("traceparent")).matches("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01");
            assertThat(upstream.lastRequest().header("tracestate")).isEqualTo("a=1");
            gateway.get("/a?user_key=s3cret-key");
            assertThat(upstream.lastRequest().header("traceparent")).endsWith("-00");
            assertThat(collector.await("2 GET")).containsEntry("trace", "0af7651916cd43dd8448eb211c80319c").containsEntry("parent", "b7ad6b7169203331");
            assertThat(collector.spans).hasSize(3);
        }
    }

    @Test
    void whatIsNoTraceParentBeginsANewTrace() throws IOException {
        try (RunningGateway gateway = gateway(1, 100)) {
            for (String bad : List.of("traceparent: 00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                    "traceparent: ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                    "traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01",
                    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
                    "traceparent: nonsense", PARENT + "01\r\n" + PARENT + "01")) {
                gateway.get("/a?user_key=s3cret-key", bad, "tracestate: a=1");
                assertThat(upstream.lastRequest().header("traceparent")).as(bad)
                        .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01").doesNotContain("0af7651916cd43dd");
                assertThat(upstream.lastRequest().headers().values("traceparent")).hasSize(1);
                assertThat(upstream.lastRequest().header("tracestate")).as(bad).isNull();
            }
            gateway.get("/a?user_key=s3cret-key", "traceparent: 01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later");
            assertThat(upstream.lastRequest().header("traceparent")).as("a later version").startsWith("00-0af7651916cd43dd");
        }
    }

    @Test
    void refusalsAndErrorsAreTold() throws IOException {
        try (RunningGateway gateway = gateway(1, 100)) {
            gateway.get("/a?user_key=wrong");
            assertThat(collector.await("2 GET")).containsEntry("http.response.status_code", 403L).containsEntry("tollkeeper.reason", "A-KEY-UNKNOWN")
                    .doesNotContainKey("status");
            collector.spans.clear();
            gateway.get("/status/503?user_key=s3cret-key");
            assertThat(collector.await("2 GET")).containsEntry("status", 2L).containsEntry("error.type", "U-STATUS");
            assertThat(collector.await("3 GET")).containsEntry("status", 2L).containsEntry("error.type", "503");
        }
    }

    @Test
    void aCollectorThatIsAwayCostsSpansAndNothingElse() throws IOException {
        collector.status = 503;
        try (RunningGateway gateway = gateway(1, 2)) {
            for (int i = 0; i < 20; i++) {
                assertThat(gateway.get("/a?user_key=s3cret-key").status()).isEqualTo(200);
            }
            Eventually.passes(() -> assertThat(gateway.metrics()).contains("tollkeeper_trace_spans_dropped_total 60", "tollkeeper_trace_spans_sent_total 0"));
        }
    }

    @Test
    void withoutTracesACallersTracePassesUntouched() throws IOException {
        try (RunningGateway gateway = RunningGateway.over(meter).products(RunningGateway.product("http://127.0.0.1:" + upstream.port())).start()) {
            gateway.get("/a?user_key=s3cret-key", PARENT + "01", "tracestate: a=1");
            assertThat(upstream.lastRequest().header("traceparent")).isEqualTo(PARENT.substring(13) + "01");
            assertThat(upstream.lastRequest().header("tracestate")).isEqualTo("a=1");
            gateway.get("/a?user_key=s3cret-key");
            assertThat(upstream.lastRequest().header("traceparent")).isNull();
        }
    }
}
