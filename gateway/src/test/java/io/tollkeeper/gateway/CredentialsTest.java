package io.tollkeeper.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.proxy.CredentialsLocation;
import io.tollkeeper.core.proxy.MappingRule;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/// Where credentials are found, and what is said when they are not. One product per mode and place.
class CredentialsTest {

    private static RudePeer upstream;
    private static RunningGateway gateway;

    @BeforeAll
    static void start() throws IOException {
        upstream = RudePeer.start(Manner.citizen());
        MemoryMeter meter = new MemoryMeter();
        for (String product : List.of("kq", "kh", "ka", "kx")) {
            meter.product(product, "1", List.of("hits"))
                    .application(product, "app", "active")
                    .userKey(product, "ok", "app")
                    .userKey(product, "a%20b", "app")
                    .userKey(product, "a b", "app")
                    .userKey(product, "a:b", "app");
        }
        for (String product : List.of("iq", "ih", "ia", "is")) {
            meter.product(product, "2", List.of("hits")).application(product, "me", "active", "pw");
        }
        String url = "http://127.0.0.1:" + upstream.port();
        gateway = RunningGateway.over(meter)
                .products(
                        RunningGateway.product(url, p -> p.id("kq").hosts("kq.test")),
                        RunningGateway.product(url, p -> p.id("kh").hosts("kh.test").location(CredentialsLocation.HEADERS)),
                        RunningGateway.product(url, p -> p.id("ka").hosts("ka.test").location(CredentialsLocation.AUTHORIZATION)),
                        RunningGateway.product(url, p -> p.id("kx").hosts("kx.test").names("x-key", "x", "y")
                                .rules(new MappingRule("POST", "/only", List.of(), "hits", 1, false))),
                        RunningGateway.product(url, p -> p.id("iq").hosts("iq.test").mode(AuthenticationMode.APP_ID)),
                        RunningGateway.product(url, p -> p.id("is").hosts("is.test").mode(AuthenticationMode.APP_ID)
                                .names("x", "client", "pw")),
                        RunningGateway.product(url, p -> p.id("ih").hosts("ih.test").mode(AuthenticationMode.APP_ID)
                                .location(CredentialsLocation.HEADERS)),
                        RunningGateway.product(url, p -> p.id("ia").hosts("ia.test").mode(AuthenticationMode.APP_ID)
                                .location(CredentialsLocation.AUTHORIZATION)))
                .start();
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            kq | /a?user_key=ok                 | -                               | 200
            kq | /a?x=1&user_key=ok&y=2         | -                               | 200
            kq | /a?USER_KEY=ok                 | -                               | 200
            kq | /a?user_key=ok&user_key=bad    | -                               | 200
            kq | /a?user_key=bad&user_key=ok    | -                               | 403
            kq | /a?user_key=a%20b              | -                               | 200
            kq | /a?user_key=%6Fk               | -                               | 403
            kq | /a?user_key=                   | -                               | 403
            kq | /a?user_key                    | -                               | 401
            kq | /a?xuser_key=ok                | -                               | 401
            kq | /a                             | user_key: ok                    | 401
            kq | /a                             | -                               | 401
            kh | /a                             | user_key: ok                    | 200
            kh | /a                             | User-Key: ok                    | 200
            kh | /a                             | USER_key: ok                    | 200
            kh | /a?user_key=ok                 | -                               | 401
            kh | /a                             | user_key: bad                   | 403
            ka | /a                             | Authorization: Basic b2s6       | 200
            ka | /a                             | Authorization: Basic b2s6eA==   | 200
            ka | /a                             | Authorization: Basic YTpiOmM=   | 200
            ka | /a                             | Authorization: Basic Om9r       | 403
            ka | /a                             | Authorization: Basic b2s=       | 401
            ka | /a                             | Authorization: Basic !!!        | 401
            ka | /a                             | Authorization: Bearer ok        | 200
            ka | /a                             | Authorization: bearer ok        | 401
            ka | /a                             | Authorization: ok               | 401
            ka | /a                             | Authorization: Bearer           | 401
            ka | /a?user_key=ok                 | -                               | 401
            iq | /a?app_id=me&app_key=pw        | -                               | 200
            iq | /a?app_key=pw&APP_ID=me        | -                               | 200
            iq | /a?app_id=me                   | -                               | 401
            iq | /a?app_key=pw                  | -                               | 401
            iq | /a?app_id=me&app_key=no        | -                               | 403
            iq | /a?app_id=you&app_key=pw       | -                               | 403
            ih | /a                             | app-id: me#app-key: pw          | 200
            ih | /a                             | app_id: me                      | 401
            ia | /a                             | Authorization: Basic bWU6cHc=   | 200
            ia | /a                             | Authorization: Bearer me        | 401
            """)
    void credentialsAreFoundWhereTheProductExpectsThem(String product, String target, String headers, int status)
            throws IOException {
        String[] lines = headers == null ? new String[0] : headers.split("#");
        RawAnswer answer = gateway.ask(
                "GET " + target + " HTTP/1.1\r\nHost: " + product + ".test\r\n" + RunningGateway.lines(lines) + "\r\n");
        assertThat(answer.status()).isEqualTo(status);
        if (status == 401) {
            assertThat(answer.text()).isEqualTo("Authentication parameters missing");
        } else if (status == 403) {
            assertThat(answer.text()).isEqualTo("Authentication failed");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            kq | POST  | /a               | user_key=ok              | application/x-www-form-urlencoded | 200
            kq | PUT   | /a               | x=1&user_key=ok          | Application/X-WWW-Form-Urlencoded; charset=utf-8 | 200
            kq | PATCH | /a               | user_key=%6Fk            | application/x-www-form-urlencoded | 200
            kq | POST  | /a               | user_key=a+b             | application/x-www-form-urlencoded | 200
            kq | POST  | /a?user_key=bad  | user_key=ok              | application/x-www-form-urlencoded | 403
            kq | DELETE | /a              | user_key=ok              | application/x-www-form-urlencoded | 401
            kq | POST  | /a               | user_key=ok              | text/plain                        | 401
            iq | POST  | /a               | app_id=me&app_key=pw     | application/x-www-form-urlencoded | 200
            iq | POST  | /a?app_id=me     | app_key=pw               | application/x-www-form-urlencoded | 200
            iq | POST  | /a?app_key=pw    | app_id=me                | application/x-www-form-urlencoded | 200
            kh | POST  | /a               | user_key=ok              | application/x-www-form-urlencoded | 401
            """)
    void whatTheUrlLacksIsTakenFromAFormBodyWhichStillReachesTheUpstream(
            String product, String method, String target, String body, String type, int status) throws IOException {
        RawAnswer answer = gateway.ask(method + " " + target + " HTTP/1.1\r\nHost: " + product + ".test\r\nContent-Type: "
                + type + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
        assertThat(answer.status()).isEqualTo(status);
        if (status == 200) {
            assertThat(new String(upstream.lastRequest().body(), StandardCharsets.ISO_8859_1)).isEqualTo(body);
        }
    }

    @Test
    void aFormThatArrivesInPiecesIsWaitedFor() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
            socket.setSoTimeout(10_000);
            write(socket, "POST /a HTTP/1.1\r\nHost: kq.test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                    + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
            String invitation = "HTTP/1.1 100 Continue\r\n\r\n";
            assertThat(new String(socket.getInputStream().readNBytes(invitation.length()), StandardCharsets.US_ASCII))
                    .isEqualTo(invitation);
            write(socket, "5\r\nuser_\r\n");
            write(socket, "6\r\nkey=ok\r\n0\r\n\r\n");
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 200 OK");
            assertThat(upstream.lastRequest().header("content-length")).isEqualTo("11");
            assertThat(upstream.lastRequest().header("expect")).isNull();
        }
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }

    @Test
    void secretsUnderNamesOfTheProductsOwnAreNotKept() throws IOException {
        for (String target : new String[] {"/a?client=me-myself-i&pw=open-sesame", "/a?pw=open-sesame", "/a?PW=open-sesame&x=1"}) {
            RawAnswer answer = gateway.ask("GET " + target + " HTTP/1.1\r\nHost: is.test\r\n\r\n");
            assertThat(answer.status()).isIn(401, 403);
            assertThat(gateway.record(answer).target()).doesNotContain("sesame").doesNotContain("myself");
            assertThat(gateway.logLine(String.valueOf(answer.header("x-request-id"))))
                    .doesNotContain("sesame").doesNotContain("myself");
        }
    }

    @Test
    void aFormBeyondWhatIsHeldBackIsNotLookedAtAndTheEvidenceSaysSo() throws IOException {
        String body = "x=" + "y".repeat(70_000) + "&user_key=ok";
        RawAnswer answer = gateway.ask("POST /a HTTP/1.1\r\nHost: kq.test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                + "Content-Length: " + body.length() + "\r\n\r\n" + body);
        assertThat(answer.status()).isEqualTo(401);
        assertThat(gateway.record(answer).evidence()).contains("the form body is longer than 65536 bytes");
    }

    @Test
    void missingCredentialsAreAskedForBeforeTheRules() throws IOException {
        RawAnswer none = gateway.ask("GET /nothing HTTP/1.1\r\nHost: kx.test\r\n\r\n");
        assertThat(none.status()).isEqualTo(401);
        RawAnswer noRule = gateway.ask("GET /nothing?x-key=ok HTTP/1.1\r\nHost: kx.test\r\n\r\n");
        assertThat(noRule.status()).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            kq | /a                       | -                       | looked for user_key in the query; found nothing like it
            kq | /a?user-key=s3cret       | -                       | looked for user_key in the query; found user-key (query)
            kq | /a?userkey=s3cret&x=1    | X-Api-Key: s3cret       | looked for user_key in the query; found userkey (query), X-Api-Key (headers)
            kq | /a                       | User_Key: s3cret        | looked for user_key in the query; found User_Key (headers)
            kq | /a                       | Authorization: Basic eA== | looked for user_key in the query; found Authorization (Basic) (headers)
            kh | /a?user_key=s3cret       | -                       | looked for user_key in the headers; found user_key (query)
            iq | /a?app_id=s3cret         | -                       | looked for app_id and app_key in the query; found app_id (query)
            ka | /a                       | Authorization: s3cret   | looked for Authorization: Basic or Bearer; found Authorization (headers)
            """)
    void theEvidenceNamesThePlacesAndWhatWasFoundButNoValues(String product, String target, String header, String evidence)
            throws IOException {
        RawAnswer answer = gateway.ask("GET " + target + " HTTP/1.1\r\nHost: " + product + ".test\r\n"
                + (header == null ? "" : header + "\r\n") + "\r\n");
        assertThat(answer.status()).isEqualTo(401);
        assertThat(gateway.record(answer).evidence()).isEqualTo(evidence);
        assertThat(answer.rawText()).doesNotContain("looked for").doesNotContain("s3cret");
    }
}
