package io.tollkeeper.http;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Calls an upstream from a test's thread, one call at a time, and waits for its outcome.
final class Caller {

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /// How a call went.
    ///
    /// @param status  0 without an answer
    /// @param failure null for a complete answer
    record Outcome(int status, String headers, String body, @Nullable Reason failure, String evidence, Facts facts) {}

    /// A copy of what [UpstreamFacts] held at the end.
    record Facts(boolean reused, long connection, int attempts, int addressesTried, @Nullable String address,
            boolean stale, long bytesSent, long bytesReceived, long requestsBefore, String protocol, int stream) {

        static Facts of(UpstreamFacts facts) {
            return new Facts(facts.reused(), facts.connectionNumber(), facts.attempts(), facts.addressesTried(),
                    facts.address(), facts.staleAnswer(), facts.bytesSent(), facts.bytesReceived(),
                    facts.requestsOnConnection(), facts.protocol(), facts.stream());
        }
    }

    private final UpstreamPool pool;
    private final Loop loop;
    private final UpstreamRequest request = new UpstreamRequest();

    Caller(Engine engine, int loop) {
        this.pool = engine.upstreams();
        this.loop = engine.loops().get(loop);
    }

    static Upstream plain(int port) {
        return plain("127.0.0.1", port, Upstream.Timeouts.DEFAULT);
    }

    static Upstream plain(String host, int port, Upstream.Timeouts timeouts) {
        return new Upstream(null, host, port, "api.test", null, timeouts, 1024);
    }

    Outcome get(Upstream upstream, String target) {
        return call(upstream, "GET", target, true);
    }

    /// A body that is at hand as a whole.
    CompletableFuture<Outcome> post(Upstream upstream, String target, String body) {
        return start(upstream, new UpstreamRequest().method("POST").target(target).repeatable(true)
                .body(Body.of(body.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1))));
    }

    Outcome call(Upstream upstream, String method, String target, boolean repeatable) {
        return outcome(upstream, start(upstream, request.reset().method(method).target(target).repeatable(repeatable)));
    }

    static Outcome outcome(Upstream upstream, CompletableFuture<Outcome> outcome) {
        try {
            return outcome.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError("the call of " + upstream.describe() + " broke", e);
        } catch (TimeoutException e) {
            throw new AssertionError("no outcome of the call of " + upstream.describe(), e);
        }
    }

    CompletableFuture<Outcome> start(Upstream upstream, UpstreamRequest sent) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        loop.execute(() -> {
            Listening listening = new Listening(outcome);
            listening.call = sent.call;
            pool.call(loop, upstream, sent, listening);
        });
        return outcome;
    }

    private static final class Listening implements UpstreamHandler {
        private final CompletableFuture<Outcome> outcome;
        private @Nullable UpstreamCall call;
        private int status;
        private String headers = "";
        private String body = "";

        Listening(CompletableFuture<Outcome> outcome) {
            this.outcome = outcome;
        }

        @Override
        public void answered(UpstreamResponse response) {
            status = response.status();
            headers = response.headers().toString();
            response.body().collect(1 << 20, new Body.Collected() {
                @Override
                public void collected(byte[] bytes) {
                    body = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
                }

                @Override
                public void tooLarge(long atLeast) {
                    outcome.completeExceptionally(new AssertionError("a body of " + atLeast + " bytes"));
                }

                @Override
                public void failed(Reason reason, String evidence) {
                    body = "broken: " + reason.code();
                }
            });
        }

        @Override
        public void ended() {
            finish(null, "");
        }

        @Override
        public void failed(Reason reason, String evidence) {
            finish(reason, evidence);
        }

        private void finish(@Nullable Reason failure, String evidence) {
            UpstreamCall c = call;
            if (c == null || !outcome.complete(new Outcome(status, headers, body, failure, evidence, Facts.of(c.facts())))) {
                throw new IllegalStateException("a second outcome of one call");
            }
        }
    }
}
