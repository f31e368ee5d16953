package io.tollkeeper.gateway;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.proxy.UpstreamPath;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.ReceivedRequest;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/// The cases of `smuggling.corpus` through the whole gateway: each is refused, or what the upstream receives has exactly
/// one meaning. HTTP/1 cases go over the wire twice, whole and in small pieces.
class SmugglingCorpusTest {

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final Pattern HOST = Pattern.compile("Host: 127\\.0\\.0\\.1:[0-9]+\r\n");
    private static final Pattern ADDRESS = Pattern.compile("X-Real-IP: 127\\.0\\.0\\.1\r\n");
    private static final Pattern ID = Pattern.compile("X-Request-Id: [0-9A-Za-z]+\r\n");
    private static final Pattern DATE = Pattern.compile("Date: [A-Z][^\r]+ GMT\r\n");
    private static final Pattern SERVER = Pattern.compile("Server: tollkeeper\r\n");

    private static RudePeer upstream;
    private static RunningGateway gateway;
    private static int port;

    /// What the upstream answers next, and how many requests it has seen of the current case.
    private static volatile List<String> answers = List.of();
    private static final AtomicInteger asked = new AtomicInteger();

    static List<SmugglingCase> cases() throws IOException {
        return SmugglingCase.all();
    }

    @BeforeAll
    static void start() throws IOException {
        upstream = RudePeer.start(with -> {
            if (with.readRequest() == null) {
                return false;
            }
            int turn = asked.getAndIncrement();
            with.write(answers.isEmpty() ? OK : answers.get(Math.min(turn, answers.size() - 1)));
            return true;
        });
        MemoryMeter meter = new MemoryMeter();
        String to = "http://127.0.0.1:" + upstream.port();
        var products = List.of(
                RunningGateway.product(to, p -> p.id("api")),
                RunningGateway.product(to + "/b/", p -> p.id("base")),
                RunningGateway.product(to + "/b", p -> p.id("preserve").path(UpstreamPath.PRESERVE)),
                RunningGateway.product(to, p -> p.id("normalise").path(UpstreamPath.NORMALISE)),
                RunningGateway.product(to, p -> p.id("refuse").path(UpstreamPath.REFUSE_AMBIGUOUS)),
                RunningGateway.product(to, p -> p.id("replace").forwarded(ForwardedHeaders.REPLACE)),
                RunningGateway.product(to, p -> p.id("socket").policies(new PolicySpec("websocket", Map.of()), PolicySpec.APICAST)));
        for (var product : products) {
            meter.product(product.productId(), "1", List.of("hits"))
                    .application(product.productId(), "app", "active")
                    .userKey(product.productId(), "1", "app");
        }
        gateway = RunningGateway.over(meter)
                .products(products.stream()
                        .map(p -> p.toBuilder().hosts(List.of(p.productId() + ".test")).authUserKey("k").build())
                        .toArray(ProxyConfig[]::new))
                .start();
        port = gateway.listenWithHttp2();
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isRefusedOrMadeUnambiguous(SmugglingCase given) throws IOException {
        if (given.isHttp2()) {
            meet(given, 0);
        } else {
            meet(given, Integer.MAX_VALUE);
            if (!given.wholeOnly()) {
                meet(given, 7);
            }
        }
    }

    private void meet(SmugglingCase given, int bytesAtOnce) throws IOException {
        asked.set(0);
        answers = given.answers();
        long before = receivedInTime().size();
        int failures = upstream.failures().size();
        if (given.isHttp2()) {
            askOverHttp2(given);
        } else {
            askOverHttp1(given, bytesAtOnce);
        }
        int expected = given.upstream().size();
        Eventually.value("the upstream received", () -> receivedInTime().size() - before, n -> n >= expected);
        assertThat(receivedSince(before)).as(given.toString()).containsExactlyElementsOf(
                given.upstream().stream().map(SmugglingCase::shown).toList());
        if (given.perhaps() != null) {
            assertThat(upstream.requests().stream().filter(SmugglingCorpusTest::mayBeLate).map(SmugglingCorpusTest::shown))
                    .as(given.toString()).allMatch(SmugglingCase.shown(given.perhaps())::equals);
        }
        assertThat(upstream.failures().subList(failures, upstream.failures().size()))
                .as("%s: what the upstream could not read", given)
                .allMatch(SocketException.class::isInstance); // hung up on, which a bad answer deserves
    }

    private static void askOverHttp2(SmugglingCase given) throws IOException {
        try (RawHttp2 client = RawHttp2.connect(port)) {
            boolean more = !given.data().isEmpty();
            client.headers(1, !more, given.fields());
            if (more) {
                client.send(RawHttp2.DATA, given.trailers().isEmpty() ? RawHttp2.END_STREAM : 0, 1,
                        given.data().getBytes(StandardCharsets.ISO_8859_1));
            }
            if (!given.trailers().isEmpty()) {
                client.headers(1, true, given.trailers());
            }
            assertThat(client.ending(1)).as(given.toString()).isEqualTo(given.client());
        }
    }

    private static void askOverHttp1(SmugglingCase given, int bytesAtOnce) throws IOException {
        try (RawClient client = RawClient.connect(port)) {
            String bytes = String.valueOf(given.send());
            sendAll(client, bytes, bytesAtOnce);
            RawAnswer last = null;
            List<String> seen = new ArrayList<>();
            for (String wanted : given.client().split(" ")) {
                if (wanted.equals("close") || wanted.equals("hangup")) {
                    if (wanted.equals("hangup")) {
                        client.halfClose();
                    }
                    assertThat(client.readToEnd().text()).as("%s: behind the last answer", given).isEmpty();
                    seen.add(wanted);
                    continue;
                }
                last = client.answerTo(last == null && bytes.startsWith("HEAD ") ? "HEAD" : "GET");
                seen.add(last.ending() == RawAnswer.Ending.COMPLETE ? Integer.toString(last.status()) : "broken");
            }
            assertThat(String.join(" ", seen)).as(given.toString()).isEqualTo(given.client());
            if (given.gets() != null && last != null) {
                assertThat(received(last)).as(given.toString()).isEqualTo(SmugglingCase.shown(given.gets()));
            }
        }
    }

    /// A refusal may come before the last piece is sent.
    private static void sendAll(RawClient client, String bytes, int bytesAtOnce) {
        try {
            if (bytesAtOnce >= bytes.length()) {
                client.send(bytes);
            } else {
                client.sendSlowly(bytes, bytesAtOnce, Duration.ZERO);
            }
        } catch (IOException refusedMeanwhile) {
            assertThat(refusedMeanwhile).isInstanceOf(SocketException.class);
        }
    }

    private static List<String> receivedSince(long before) {
        return receivedInTime().stream().skip(before).map(SmugglingCorpusTest::shown).toList();
    }

    private static List<ReceivedRequest> receivedInTime() {
        return upstream.requests().stream().filter(request -> !mayBeLate(request)).toList();
    }

    /// Sent on before its refusal, perhaps: nobody knows when it arrives.
    private static boolean mayBeLate(ReceivedRequest request) {
        return request.target().startsWith("/late?");
    }

    private static String shown(ReceivedRequest request) {
        return SmugglingCase.shown(without(request.rawText(), HOST, "Host: up\r\n", ADDRESS, ID));
    }

    private static String received(RawAnswer answer) {
        return SmugglingCase.shown(without(answer.rawText(), ID, "", DATE, SERVER));
    }

    /// Takes away what is our own and different each time, which must be there exactly once.
    private static String without(String text, Pattern first, String replacement, Pattern... others) {
        String rest = once(text, first, replacement);
        for (Pattern other : others) {
            rest = once(rest, other, "");
        }
        return rest;
    }

    private static String once(String text, Pattern pattern, String replacement) {
        assertThat(pattern.matcher(text).results().count()).as("%s in %s", pattern, text).isEqualTo(1);
        return pattern.matcher(text).replaceFirst(replacement);
    }

    @Test
    void theCorpusIsLargeAndCoversEveryClass() throws IOException {
        Map<Integer, int[]> counts = new TreeMap<>();
        Map<Integer, String> groups = new TreeMap<>();
        for (SmugglingCase one : cases()) {
            int number = Integer.parseInt(one.group().substring(0, one.group().indexOf(' ')));
            groups.put(number, one.group());
            counts.computeIfAbsent(number, _ -> new int[2])[one.isRefused() ? 0 : 1]++;
        }
        StringBuilder table = new StringBuilder("smuggling corpus: refused, passed on with one meaning\n");
        int all = 0;
        for (var entry : counts.entrySet()) {
            int[] count = entry.getValue();
            table.append("%4d %4d   %s%n".formatted(count[0], count[1], groups.get(entry.getKey())));
            all += count[0] + count[1];
        }
        System.out.println(table.append("%4d in all".formatted(all)));
        assertThat(all).isGreaterThanOrEqualTo(150);
        assertThat(groups.keySet()).containsExactly(IntStream.rangeClosed(1, 20).boxed().toArray(Integer[]::new));
        assertThat(counts.values()).allMatch(count -> count[0] + count[1] >= 4);
    }
}
