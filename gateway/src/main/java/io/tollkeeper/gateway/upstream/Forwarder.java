package io.tollkeeper.gateway.upstream;

import java.nio.ByteBuffer;

import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.proxy.ForwardedHeaders;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Identity;
import io.tollkeeper.gateway.exchange.Parking;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.gateway.exchange.UpstreamOptions;
import io.tollkeeper.http.Body;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;
import io.tollkeeper.http.Upstream;
import io.tollkeeper.http.UpstreamCall;
import io.tollkeeper.http.UpstreamFacts;
import io.tollkeeper.http.UpstreamHandler;
import io.tollkeeper.http.UpstreamPool;
import io.tollkeeper.http.UpstreamRequest;
import io.tollkeeper.http.UpstreamResponse;
import org.jspecify.annotations.Nullable;

/// Passes a request on to its upstream and the answer back to the client; both bodies flow. One per gateway; on event
/// loops. Header rules: gateway specification, section 8.3.
public final class Forwarder {

    /// Up to so much of a request's body is held back before the upstream is called: a slow uploader occupies no
    /// connection meanwhile, a short chunked body gets a length, and what is held can be sent a second time.
    private static final int HELD_BACK = 64 * 1024;

    /// A body up to this size may come in one piece with its head, and has a length then.
    private static final int WITH_HEAD = 1024;

    private static final int SWITCHING_PROTOCOLS = 101;

    private static final String VIA = "1.1 " + Identity.NAME;
    private static final String VIA_HTTP2 = "2.0 " + Identity.NAME;
    private static final String SECRET_TOKEN = "X-3scale-proxy-secret-token";
    private static final HeaderName SECRET_TOKEN_NAME = HeaderName.of(SECRET_TOKEN);
    private static final String GRPC_SECRET_TOKEN = "X-3scale-grpc-secret-token";
    private static final HeaderName GRPC_SECRET_TOKEN_NAME = HeaderName.of(GRPC_SECRET_TOKEN);
    private static final String DEBUG = "X-3scale-debug";
    private static final HeaderName WEBSOCKET_KEY = HeaderName.of("Sec-WebSocket-Key");
    private static final HeaderName TOLLKEEPER_REQUEST_ID = HeaderName.of("Tollkeeper-Request-Id");

    private final UpstreamPool pool;

    public Forwarder(UpstreamPool pool) {
        this.pool = pool;
    }

    /// Reads the files of TLS settings that a policy has, so that mistakes show when a product is compiled. Blocks.
    ///
    /// @throws IllegalArgumentException if something cannot be used; the message names it
    public void prepare(ClientTls tls) {
        pool.prepare(tls);
    }

    /// Forwards the exchange's request. The client is asked for its body only now: an `Expect: 100-continue` that was
    /// refused has sent none.
    public Step forward(Exchange exchange, UpstreamTarget target) {
        Request request = exchange.request();
        Body body = request.body();
        boolean http2 = exchange.upstreamOptions().http2();
        boolean unbuffered = exchange.upstreamOptions().unbuffered() && !http2;
        if (unbuffered && !mayHaveComeWithItsHead(request)) {
            call(exchange, target, body.length() < 0);
            return Step.DONE;
        }
        if (body.isEmpty() || body.isReplayable() || exchange.form() == Exchange.Form.TOO_LONG) {
            call(exchange, target, false);
            return Step.DONE;
        }
        Parking place = exchange.park(0, Reason.BODY_IDLE);
        Body.Peeked then = new Body.Peeked() {
            @Override
            public void peeked(ByteBuffer bytes, boolean complete) {
                boolean chunked = unbuffered && !(complete && bytes.remaining() <= WITH_HEAD);
                place.resumeWith(() -> {
                    call(exchange, target, chunked);
                    return Step.DONE;
                });
            }

            @Override
            public void failed(Reason reason, String evidence) {
                place.resumeWith(() -> exchange.refuse(reason, evidence));
            }
        };
        if (unbuffered) {
            body.peekReceived(WITH_HEAD, then);
        } else if (http2) {
            // Answers may depend on how messages are answered: only what is there already can be held for a second try.
            body.peekReceived(HELD_BACK, then);
        } else {
            body.peek(HELD_BACK, then);
        }
        return Step.WAIT;
    }

    /// Whether a body of unknown length may have come completely with its head: it is sent with its length then, also
    /// by those who want theirs unbuffered (gateway specification, section 12.36).
    private static boolean mayHaveComeWithItsHead(Request request) {
        return request.body().length() < 0 && request.majorVersion() == 1 && !request.headers().has(HeaderName.EXPECT);
    }

    private void call(Exchange exchange, UpstreamTarget target, boolean chunked) {
        Request request = exchange.request();
        UpstreamRequest sent = exchange.upstreamRequest().reset();
        sent.method(request.method())
                .target(target.target(request.target(), request.path(), request.query(), exchange.path()))
                .body(request.body())
                .repeatable(true);
        writeHeaders(exchange, target, sent.headers());
        UpstreamOptions options = exchange.upstreamOptions();
        sent.timeouts(options.timeouts()).chunked(chunked).takesTrailers(request.takesTrailers());
        boolean tunnel = options.tunnel() && !options.http2() && asksForTunnel(request);
        if (tunnel) {
            sent.upgrade(true).headers().set(HeaderName.UPGRADE, String.valueOf(request.headers().get(HeaderName.UPGRADE)));
        }
        Upstream upstream = options.http2() ? target.http2() : tunnel ? target.direct() : target.upstream();
        ClientTls tls = options.tls();
        if (tls != null) {
            upstream = target.with(upstream, tls);
        }
        exchange.record().upstreamHost(options.http2() ? upstream.describe() : target.description());
        exchange.record().serverName(upstream.serverName());
        exchange.upstreamStarted();
        Answer answer = new Answer(exchange);
        answer.called(pool.call(exchange.loop(), upstream, sent, answer));
    }

    /// Whether the request can become a tunnel: it asks for WebSocket's handshake, on HTTP/1.1, without a body.
    private static boolean asksForTunnel(Request request) {
        return request.headers().has(HeaderName.UPGRADE)
                && request.headers().has(WEBSOCKET_KEY)
                && request.protocol().equals("HTTP/1.1")
                && request.body().isEmpty();
    }

    private static void writeHeaders(Exchange exchange, UpstreamTarget target, Headers headers) {
        Request request = exchange.request();
        headers.addEndToEnd(request.headers());
        // Whoever sends our secret is not us; `X_3scale_...` becomes the same variable in many servers.
        removeLoosely(headers, SECRET_TOKEN);
        removeLoosely(headers, GRPC_SECRET_TOKEN);
        removeLoosely(headers, DEBUG);
        if (target.secretToken() != null) {
            headers.add(
                    exchange.upstreamOptions().http2() ? GRPC_SECRET_TOKEN_NAME : SECRET_TOKEN_NAME, target.secretToken());
        }
        String client = exchange.record().clientAddress();
        if (client != null) {
            setAlone(headers, HeaderName.X_REAL_IP, client);
            forwarded(target.forwarded(), client, request, headers);
        }
        if (exchange.trace() != null) {
            exchange.trace().writeTo(headers);
        }
        if (exchange.record().alias() == null) {
            // None was sent, or none that may be passed on.
            headers.set(HeaderName.X_REQUEST_ID, exchange.id());
        }
    }

    private static void removeLoosely(Headers headers, String name) {
        for (int i = headers.findLoosely(name, 0); i >= 0; i = headers.findLoosely(name, i)) {
            headers.remove(i);
        }
    }

    /// Sets what only we may say: `X_Real_IP` of a client is read as our `X-Real-IP` by many servers.
    private static void setAlone(Headers headers, HeaderName name, String value) {
        removeLoosely(headers, name.toString());
        headers.set(name, value);
    }

    private static void forwarded(ForwardedHeaders style, String client, Request request, Headers headers) {
        switch (style) {
            case PASS -> {}
            case APPEND -> {
                appendForwardedFor(client, headers);
                addIfAbsent(headers, HeaderName.X_FORWARDED_PROTO, scheme(request));
                addIfAbsent(headers, HeaderName.X_FORWARDED_HOST, host(request));
                headers.add(HeaderName.VIA, request.majorVersion() == 2 ? VIA_HTTP2 : VIA);
            }
            case REPLACE -> {
                headers.remove(HeaderName.FORWARDED);
                setAlone(headers, HeaderName.X_FORWARDED_FOR, client);
                setAlone(headers, HeaderName.X_FORWARDED_PROTO, scheme(request));
                setAlone(headers, HeaderName.X_FORWARDED_HOST, host(request));
                headers.set(HeaderName.VIA, request.majorVersion() == 2 ? VIA_HTTP2 : VIA);
            }
        }
    }

    private static void appendForwardedFor(String client, Headers headers) {
        int at = headers.find(HeaderName.X_FORWARDED_FOR, 0);
        if (at < 0) {
            headers.add(HeaderName.X_FORWARDED_FOR, client);
            return;
        }
        StringBuilder list = new StringBuilder();
        for (; at >= 0; at = headers.find(HeaderName.X_FORWARDED_FOR, at + 1)) {
            list.append(headers.value(at)).append(", ");
        }
        headers.set(HeaderName.X_FORWARDED_FOR, list.append(client).toString());
    }

    private static void addIfAbsent(Headers headers, HeaderName name, String value) {
        if (!headers.has(name)) {
            headers.add(name, value);
        }
    }

    private static String scheme(Request request) {
        return request.peer().tls() == null ? "http" : "https";
    }

    /// The host that the client called, with its port as it wrote it.
    private static String host(Request request) {
        String field = request.headers().get(HeaderName.HOST);
        return field == null ? request.host() : field;
    }

    /// Hears of one upstream call. Knows its exchange until that is over; holds no other state.
    private static final class Answer implements UpstreamHandler {

        private final Exchange exchange;
        private @Nullable UpstreamCall call;
        private boolean over;
        private @Nullable Reason early;
        private String earlyEvidence = "";

        Answer(Exchange exchange) {
            this.exchange = exchange;
        }

        /// The call is under way, or has ended already.
        void called(UpstreamCall newCall) {
            call = newCall;
            exchange.upstreamCalled(newCall);
            if (early != null) {
                failed(early, earlyEvidence);
            } else if (over) {
                exchange.upstreamOver(newCall.facts());
            }
        }

        @Override
        public void answered(UpstreamResponse answer) {
            int status = answer.status();
            exchange.upstreamAnswered(status);
            if (status >= 400) {
                exchange.record().refuse(Reason.UPSTREAM_STATUS, null);
            }
            Response response = exchange.response();
            response.status(status, answer.reasonPhrase());
            Headers headers = response.headers();
            headers.addEndToEnd(answer.headers());
            hide(headers);
            headers.add(HeaderName.SERVER, Identity.NAME);
            headers.add(headers.has(HeaderName.X_REQUEST_ID) ? TOLLKEEPER_REQUEST_ID : HeaderName.X_REQUEST_ID, exchange.id());
            exchange.beforeHead(StatusWriter.UPSTREAM);
            Body body = answer.body();
            if (status == SWITCHING_PROTOCOLS) {
                headers.set(HeaderName.UPGRADE, String.valueOf(answer.headers().get(HeaderName.UPGRADE)));
                response.tunnel(answer);
            } else if (exchange.request().method().equals("HEAD")) {
                response.sendHeadOnly(answer.contentLength());
                body.discard();
            } else if (body.isEmpty() && (answer.contentLength() >= 0 || exchange.request().majorVersion() == 1)) {
                response.send();
            } else {
                body.pipeTo(response.stream(body.isEmpty() ? -1 : body.length()));
            }
        }

        /// Instructions to a proxy of another make; obeyed by nobody here and no business of the client.
        private static void hide(Headers headers) {
            headers.remove(HeaderName.X_ACCEL_REDIRECT);
            headers.remove(HeaderName.X_ACCEL_BUFFERING);
            headers.remove(HeaderName.X_ACCEL_EXPIRES);
            headers.remove(HeaderName.X_ACCEL_LIMIT_RATE);
            headers.remove(HeaderName.X_ACCEL_CHARSET);
        }

        @Override
        public void ended() {
            over = true;
            UpstreamCall known = call;
            if (known != null) {
                exchange.upstreamOver(known.facts());
            }
        }

        @Override
        public void failed(Reason reason, String evidence) {
            UpstreamCall known = call;
            if (known == null) {
                // before called(): the record wants the facts first
                early = reason;
                earlyEvidence = evidence;
                return;
            }
            UpstreamFacts facts = known.facts();
            exchange.noteUpstream(facts);
            exchange.refuse(reason, evidence);
            exchange.upstreamOver(facts);
        }
    }
}
