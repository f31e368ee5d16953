package io.tollkeeper.http.fetch;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.Body;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.ForwardProxies;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.Upstream;
import io.tollkeeper.http.UpstreamCall;
import io.tollkeeper.http.UpstreamHandler;
import io.tollkeeper.http.UpstreamRequest;
import io.tollkeeper.http.UpstreamResponse;
import org.jspecify.annotations.Nullable;

/// Makes requests of our own (portal, issuers, keys, meters) over the engine's pool, resolver and TLS: what holds for
/// proxied calls holds for them. Any number of virtual threads; blocks; never on an event loop.
///
/// ```java
/// switch (fetcher.fetch(FetchRequest.get(url).within(Duration.ofSeconds(10)))) {
///     case Fetched.Answer answer when answer.status() == 200 -> read(answer.text());
///     case Fetched.Answer answer -> …;
///     case Fetched.Failed(Reason reason, String evidence) -> …;
/// }
/// ```
public final class Fetcher {

    /// The deadlines of a wheel come up to 200 ms late; then the caller stops waiting whatever happens.
    private static final Duration GRACE = Duration.ofSeconds(2);
    private static final int MOST_CONNECTIONS = 64;

    private final Engine engine;
    private final ClientTls tls;
    private final ForwardProxies proxies;
    private final String userAgent;

    /// Without proxies.
    public Fetcher(Engine engine, ClientTls tls, String userAgent) {
        this(engine, tls, ForwardProxies.NONE, userAgent);
    }

    /// @param tls       for https
    /// @param proxies   through which servers are reached
    /// @param userAgent sent unless a request has its own
    public Fetcher(Engine engine, ClientTls tls, ForwardProxies proxies, String userAgent) {
        this.engine = engine;
        this.tls = tls;
        this.proxies = proxies;
        this.userAgent = userAgent;
    }

    /// Sends the request and waits for the whole answer, or for its failure.
    public Fetched fetch(FetchRequest request) {
        if (request.url().tls()) {
            try {
                engine.upstreams().prepare(tls);
            } catch (IllegalArgumentException e) {
                return new Fetched.Failed(Reason.UPSTREAM_TLS_SETTINGS, e.getMessage() == null ? e.toString() : e.getMessage());
            }
        }
        var outcome = new CompletableFuture<Fetched>();
        Loop loop = engine.anyLoop();
        var conversation = new Conversation(request, outcome);
        try {
            loop.execute(() -> conversation.begin(loop));
            return outcome
                    .completeOnTimeout(tooLong(request), request.timeout().plus(GRACE).toMillis(), TimeUnit.MILLISECONDS)
                    .get();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            loop.execute(conversation::giveUp);
            return new Fetched.Failed(Reason.DRAINING, "the program ends");
        } catch (ExecutionException e) {
            throw new IllegalStateException("an outcome is always a value", e);
        } catch (RejectedExecutionException _) {
            return new Fetched.Failed(Reason.DRAINING, "the program ends");
        }
    }

    private static Fetched tooLong(FetchRequest request) {
        return new Fetched.Failed(Reason.UPSTREAM_TOTAL_TIMEOUT, "no outcome within " + request.timeout().toMillis() + " ms");
    }

    /// One request and what comes back. On its loop.
    private final class Conversation implements UpstreamHandler {
        private final FetchRequest request;
        private final CompletableFuture<Fetched> outcome;
        private @Nullable UpstreamCall call;
        private boolean given;

        Conversation(FetchRequest request, CompletableFuture<Fetched> outcome) {
            this.request = request;
            this.outcome = outcome;
        }

        void begin(Loop loop) {
            try {
                var made = engine.upstreams().call(loop, upstream(), sent(), this);
                call = made;
                if (given) {
                    made.cancel();
                }
            } catch (RuntimeException e) {
                outcome.complete(new Fetched.Failed(Reason.INTERNAL, "calling " + request.url() + " failed: " + e));
            }
        }

        private Upstream upstream() {
            FetchUrl url = request.url();
            Duration time = request.timeout();
            // A step that takes all the time tells more than the total, so it comes first.
            var timeouts = new Upstream.Timeouts(time, time, time, time, time, time.plusMillis(300));
            return new Upstream(url.tls() ? tls : null, url.host(), url.port(), url.authority(), url.tls() ? url.serverName() : null,
                    timeouts, MOST_CONNECTIONS).through(proxies.towards(url.tls(), url.host()));
        }

        private UpstreamRequest sent() {
            var sent = new UpstreamRequest().method(request.method()).target(request.url().target())
                    .body(Body.of(request.body())).repeatable(true);
            Headers headers = sent.headers();
            for (var header : request.headers()) {
                headers.add(header.name(), header.value());
            }
            if (!headers.has(HeaderName.USER_AGENT)) {
                headers.add(HeaderName.USER_AGENT, userAgent);
            }
            String user = request.url().userInfo();
            if (user != null && !headers.has(HeaderName.AUTHORIZATION)) {
                String both = user.indexOf(':') < 0 ? user + ":" : user;
                headers.add(HeaderName.AUTHORIZATION, "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8)));
            }
            return sent;
        }

        /// Nobody waits any more, or no more is wanted.
        void giveUp() {
            given = true;
            UpstreamCall made = call;
            if (made != null) {
                made.cancel();
            }
        }

        @Override
        public void answered(UpstreamResponse response) {
            int status = response.status();
            var headers = headers(response.headers());
            response.body().collect(request.maxBody(), new Body.Collected() {
                @Override
                public void collected(byte[] bytes) {
                    outcome.complete(new Fetched.Answer(status, headers, bytes));
                }

                @Override
                public void tooLarge(long atLeast) {
                    outcome.complete(new Fetched.Failed(Reason.UPSTREAM_BODY_TOO_LARGE,
                            "the answer (status " + status + ") has at least " + atLeast + " bytes (expected: at most " + request.maxBody() + ")"));
                    giveUp();
                }

                @Override
                public void failed(Reason reason, String evidence) {
                    outcome.complete(new Fetched.Failed(reason, evidence));
                }
            });
        }

        private static List<FetchRequest.Header> headers(Headers received) {
            var headers = new ArrayList<FetchRequest.Header>();
            for (int i = 0; i < received.size(); i++) {
                headers.add(new FetchRequest.Header(received.name(i), received.value(i)));
            }
            return headers;
        }

        @Override
        public void ended() {
            // the body was collected: the outcome is known
        }

        @Override
        public void failed(Reason reason, String evidence) {
            outcome.complete(new Fetched.Failed(reason, evidence));
        }
    }
}
