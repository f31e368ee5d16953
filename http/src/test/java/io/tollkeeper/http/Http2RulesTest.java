package io.tollkeeper.http;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.http.FrameClient.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Requests of HTTP/2 that would mean something else in HTTP/1, or to somebody else, end as stream errors, the connection
/// goes on (hardening.md, 18; RFC 9113 section 8). In the cases, `|` parts fields, `=` name and value, `\n` `\r` `\0` are
/// single characters.
final class Http2RulesTest {

    private static TellingServer server;

    @BeforeAll
    static void start() throws IOException {
        server = new TellingServer(null, WireLimits.DEFAULT, ListenerSettings.Timeouts.DEFAULT, null, Http2Limits.DEFAULT);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String[] fields(String text) {
        List<String> fields = new ArrayList<>();
        for (String field : text.split("\\|", -1)) {
            int equals = field.indexOf('=');
            fields.add(field.substring(0, equals).replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0"));
            fields.add(field.substring(equals + 1).replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0"));
        }
        return fields.toArray(new String[0]);
    }

    private static final String GOOD = ":method=GET|:scheme=http|:path=/|:authority=a";

    @ParameterizedTest
    @ValueSource(strings = {
        // pseudo-headers: missing, repeated, unknown, behind fields, empty
        ":scheme=http|:path=/|:authority=a",
        ":method=GET|:path=/|:authority=a",
        ":method=GET|:scheme=http|:authority=a",
        ":method=GET|:scheme=http|:path=/",
        ":method=GET|:scheme=http|:path=|:authority=a",
        ":method=|:scheme=http|:path=/|:authority=a",
        GOOD + "|:path=/other",
        GOOD + "|:method=POST",
        GOOD + "|:authority=b",
        GOOD + "|:scheme=https",
        GOOD + "|:status=200",
        GOOD + "|:protocol=websocket",
        ":method=GET|:scheme=http|x=y|:path=/|:authority=a",
        // injected lines
        ":method=GET|:scheme=http|:path=/ HTTP/1.1\\r\\nX: y\\r\\n|:authority=a",
        ":method=GET / HTTP/1.1\\r\\nHost: b|:scheme=http|:path=/|:authority=a",
        ":method=GET|:scheme=http|:path=/|:authority=a\\r\\nX: y",
        ":method=GET|:scheme=http\\r\\nX: y|:path=/|:authority=a",
        GOOD + "|x=a\\r\\nTransfer-Encoding: chunked",
        GOOD + "|x=a\\nb",
        GOOD + "|x=a\\rb",
        GOOD + "|x=a\\0b",
        GOOD + "|x\\r\\ny=a",
        GOOD + "|x\\0y=a",
        GOOD + "|x:y=a",
        GOOD + "|x y=a",
        GOOD + "|x= a",
        GOOD + "|x=a\t",
        GOOD + "|=a",
        // methods and targets
        ":method=get|:scheme=http|:path=/|:authority=a",
        ":method=G T|:scheme=http|:path=/|:authority=a",
        ":method=GET|:scheme=ftp|:path=/|:authority=a",
        ":method=GET|:scheme=http|:path=/a b|:authority=a",
        ":method=GET|:scheme=http|:path=a|:authority=a",
        ":method=GET|:scheme=http|:path=http://b/|:authority=a",
        ":method=GET|:scheme=http|:path=*|:authority=a",
        ":method=OPTIONS|:scheme=http|:path=*|:authority=a",
        ":method=GET|:scheme=http|:path=/\t|:authority=a",
        // hosts
        ":method=GET|:scheme=http|:path=/|:authority=user@a",
        ":method=GET|:scheme=http|:path=/|:authority=a b",
        ":method=GET|:scheme=http|:path=/|:authority=",
        GOOD + "|host=b",
        GOOD + "|host=a|host=a",
        GOOD + "|host=",
        // names and fields of the connection
        GOOD + "|X-Upper=a",
        GOOD + "|Content-Length=0",
        GOOD + "|connection=close",
        GOOD + "|connection=x-real-ip",
        GOOD + "|keep-alive=3",
        GOOD + "|proxy-connection=close",
        GOOD + "|upgrade=h2c",
        GOOD + "|transfer-encoding=chunked",
        GOOD + "|transfer_encoding=chunked",
        GOOD + "|content_length=3",
        GOOD + "|te=gzip",
        GOOD + "|te=trailers, gzip",
        // lengths
        GOOD + "|content-length=5",
        GOOD + "|content-length=+0",
        GOOD + "|content-length=00",
        GOOD + "|content-length=0x0",
        GOOD + "|content-length=",
        GOOD + "|content-length=0|content-length=0",
        GOOD + "|content-length=0, 0",
        GOOD + "|content-length=18446744073709551616"
    })
    void malformedRequestsEndAsStreamErrors(String request) throws IOException {
        int served = server.requests.size();
        try (var client = FrameClient.connect(server.port())) {
            client.headers(1, true, fields(request));
            assertThat(client.error(1)).isEqualTo(Http2.Code.PROTOCOL_ERROR);
            Answer answer = client.answer(1);
            assertThat(answer.status()).isEqualTo(400);
            assertThat(server.requests).hasSize(served);
            assertThat(client.headers(3, true, fields(GOOD + "|te=trailers")).answer(3).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "3, hello, false", "3, hello, true", "7, hello, true", "5, '', true"
    })
    void aBodyThatDiffersFromItsLengthIsAStreamError(String length, String body, boolean end) throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            client.post(1, "/echo", "content-length", length).data(1, end, body);
            assertThat(client.error(1)).isEqualTo(Http2.Code.PROTOCOL_ERROR);
            assertThat(client.get(3, "/a").answer(3).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {":path=/x", "transfer-encoding=chunked", "X-Up=a", "x=a\\nb", "connection=close"})
    void trailersThatAreNoneAreAStreamError(String trailer) throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            client.post(1, "/echo").data(1, false, "a").headers(1, true, fields(trailer));
            assertThat(client.error(1)).isEqualTo(Http2.Code.PROTOCOL_ERROR);
        }
    }

    @Test
    void trailersDoNotBringFieldsOfRoutingOrFraming() throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            client.post(1, "/echo").data(1, false, "a")
                    .headers(1, true, "host", "b", "content-length", "9", "authorization", "c", "x-real-ip", "d", "x-sum", "e");
            assertThat(client.answer(1).trailers()).containsExactly("x-sum: e");
        }
    }

    @Test
    void whatFollowsAHashIsCutAsInHttp1() throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            client.get(1, "/a?b=c#d?e=f");
            assertThat(client.answer(1).text()).startsWith("GET /a?b=c host=");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'x-big', 9000, 400", "'x-many', 48000, 400", "':path', 9000, 414"
    })
    void headsBeyondTheLimitsAreRefusedWithTheirReason(String name, int size, int status) throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            List<String> fields = new ArrayList<>(List.of(":method", "GET", ":scheme", "http", ":authority", "a"));
            if (name.equals(":path")) {
                fields.addAll(List.of(":path", "/" + "p".repeat(size)));
            } else {
                fields.addAll(List.of(":path", "/"));
                for (int left = size; left > 0; left -= 8000) {
                    fields.addAll(List.of(name, "v".repeat(size < 10_000 ? size : 8000)));
                }
            }
            byte[] block = FrameClient.block(fields.toArray(new String[0]));
            int first = Math.min(block.length, Http2.FRAME_SIZE);
            client.send(Http2.HEADERS, Http2.END_STREAM | (first == block.length ? Http2.END_HEADERS : 0), 1, java.util.Arrays.copyOf(block, first));
            for (int at = first; at < block.length; at += Http2.FRAME_SIZE) {
                int to = Math.min(block.length, at + Http2.FRAME_SIZE);
                client.send(Http2.CONTINUATION, to == block.length ? Http2.END_HEADERS : 0, 1, java.util.Arrays.copyOfRange(block, at, to));
            }
            assertThat(client.answer(1).status()).isEqualTo(status);
            assertThat(client.get(3, "/a").answer(3).status()).isEqualTo(200);
        }
    }

    @Test
    void tooManyFieldsAreRefused() throws IOException {
        try (var client = FrameClient.connect(server.port())) {
            List<String> fields = new ArrayList<>(List.of(fields(GOOD)));
            for (int i = 0; i < 101; i++) {
                fields.addAll(List.of("x-" + i, "v"));
            }
            assertThat(client.headers(1, true, fields.toArray(new String[0])).answer(1).status()).isEqualTo(400);
            assertThat(client.headers(3, true, ":method", "CONNECT", ":authority", "a:443").answer(3).status()).isEqualTo(405);
            assertThat(client.headers(5, true, ":method", "TRACE", ":scheme", "http", ":path", "/", ":authority", "a").answer(5).status()).isEqualTo(405);
        }
    }
}
