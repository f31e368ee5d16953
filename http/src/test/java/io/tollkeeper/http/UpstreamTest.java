package io.tollkeeper.http;

import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What an upstream receives, and what is made of the answers of a good one.
class UpstreamTest {

    private static final Engine ENGINE = Engine.start(new EngineSettings(Transport.NIO, 1, EngineSettings.Dns.DEFAULT));
    private final Caller caller = new Caller(ENGINE, 0);

    @AfterAll
    static void stop() {
        ENGINE.close();
    }

    @Test
    void answerOfAGoodUpstreamArrivesAndTheConnectionIsUsedAgain() throws Exception {
        try (var upstream = RudePeer.start(Manner.citizen())) {
            var target = Caller.plain(upstream.port());
            var first = caller.get(target, "/a%20b?x=1");
            assertThat(first.failure()).as(first.evidence()).isNull();
            assertThat(first.status()).isEqualTo(200);
            assertThat(first.body()).contains("\"target\":\"/a%20b?x=1\"");
            var second = caller.get(target, "/chunked/1000");
            assertThat(second.facts().reused()).isTrue();
            assertThat(second.body()).hasSize(1000);
            var third = caller.call(target, "POST", "/x", false);
            assertThat(third.facts().connection()).isEqualTo(first.facts().connection());
            assertThat(upstream.connections()).isEqualTo(1);
            assertThat(upstream.lastRequest().header("content-length")).isEqualTo("0");
            assertThat(upstream.lastRequest().header("host")).isEqualTo("api.test");
        }
    }
}
