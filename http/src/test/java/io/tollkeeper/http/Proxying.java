package io.tollkeeper.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// A bare proxy for tests: passes requests on and answers back. `/peek…` holds up to 64 KiB of a body first.
final class Proxying implements ExchangeHandler, UpstreamHandler {

    /// How the last exchange and the last call of any connection ended.
    static final class Seen {
        final AtomicReference<@Nullable Reason> failure = new AtomicReference<>();
        final AtomicReference<String> evidence = new AtomicReference<>("");
        final AtomicReference<@Nullable Ending> ending = new AtomicReference<>();
        final AtomicReference<String> bytes = new AtomicReference<>("");
        final AtomicReference<Integer> attempts = new AtomicReference<>(0);
    }

    private final UpstreamPool pool;
    private final Loop loop;
    private final Upstream upstream;
    private final Seen seen;
    private final UpstreamRequest forwarded = new UpstreamRequest();
    private @Nullable Request request;
    private @Nullable Response response;
    private @Nullable UpstreamCall call;

    Proxying(UpstreamPool pool, Loop loop, Upstream upstream, Seen seen) {
        this.pool = pool;
        this.loop = loop;
        this.upstream = upstream;
        this.seen = seen;
    }

    @Override
    public void requested(Request newRequest, Response newResponse) {
        request = newRequest;
        response = newResponse;
        forwarded.reset().method(newRequest.method()).target(newRequest.target()).body(newRequest.body()).repeatable(true)
                .takesTrailers(newRequest.takesTrailers());
        forwarded.headers().addEndToEnd(newRequest.headers());
        if (newRequest.path().startsWith("/upgrade")) {
            forwarded.upgrade(true).headers().set(HeaderName.UPGRADE, String.valueOf(newRequest.headers().get(HeaderName.UPGRADE)));
        }
        if (newRequest.path().startsWith("/peek") && !newRequest.body().isEmpty()) {
            newRequest.body().peek(65536, new Body.Peeked() {
                @Override
                public void peeked(ByteBuffer bytes, boolean complete) {
                    forward();
                }

                @Override
                public void failed(Reason reason, String evidence) {
                    Proxying.this.failed(reason, evidence);
                }
            });
        } else {
            forward();
        }
    }

    private void forward() {
        call = forwarded.call;
        pool.call(loop, upstream, forwarded, this);
    }

    @Override
    public void refused(Request refused, Response answer, Reason reason, String evidence) {
        answer.status(reason.status()).send();
    }

    @Override
    public void answered(UpstreamResponse answer) {
        Response to = response;
        Request from = request;
        if (to == null || from == null) {
            return;
        }
        to.status(answer.status(), answer.reasonPhrase());
        to.headers().addEndToEnd(answer.headers());
        if (answer.status() == 101) {
            to.headers().set(HeaderName.UPGRADE, String.valueOf(answer.headers().get(HeaderName.UPGRADE)));
            to.tunnel(answer);
        } else if (from.method().equals("HEAD")) {
            to.sendHeadOnly(answer.contentLength());
        } else {
            Body body = answer.body();
            body.pipeTo(to.stream(body.isEmpty() ? answer.contentLength() : body.length()));
        }
    }

    @Override
    public void ended() {
        if (call != null) {
            seen.attempts.set(call.facts().attempts());
        }
    }

    @Override
    public void failed(Reason reason, String evidence) {
        seen.failure.set(reason);
        seen.evidence.set(evidence);
        Response to = response;
        if (to == null) {
            return;
        }
        if (to.isCommitted()) {
            to.abort(reason);
        } else {
            to.status(reason.status()).send((reason.code() + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    @Override
    public void ended(Request over, Response answer, Ending how) {
        seen.bytes.set(over.body().received() + " in, " + answer.bodyBytes() + " out");
        seen.ending.set(how);
        request = null;
        response = null;
        UpstreamCall c = call;
        if (c != null) {
            Reason failure = c.facts().failure();
            if (failure != null) {
                seen.failure.set(failure);
                seen.evidence.set(c.facts().evidence());
            }
            c.cancel();
        }
    }
}
