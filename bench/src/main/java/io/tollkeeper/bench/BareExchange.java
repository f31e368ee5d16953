package io.tollkeeper.bench;

import java.nio.charset.StandardCharsets;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;
import io.tollkeeper.http.Upstream;
import io.tollkeeper.http.UpstreamCall;
import io.tollkeeper.http.UpstreamHandler;
import io.tollkeeper.http.UpstreamPool;
import io.tollkeeper.http.UpstreamRequest;
import io.tollkeeper.http.UpstreamResponse;
import org.jspecify.annotations.Nullable;

/// Passes requests of one connection on and their answers back, end-to-end headers and bodies as they are. On the
/// connection's event loop; never blocks.
final class BareExchange implements ExchangeHandler, UpstreamHandler {

    private final UpstreamPool upstreams;
    private final Loop loop;
    private final Upstream upstream;
    private final UpstreamRequest forwarded = new UpstreamRequest();
    private @Nullable Request request;
    private @Nullable Response response;
    private @Nullable UpstreamCall call;
    private boolean underWay;

    BareExchange(UpstreamPool upstreams, Loop loop, Upstream upstream) {
        this.upstreams = upstreams;
        this.loop = loop;
        this.upstream = upstream;
    }

    @Override
    public void requested(Request newRequest, Response newResponse) {
        request = newRequest;
        response = newResponse;
        forwarded.reset().method(newRequest.method()).target(newRequest.target()).body(newRequest.body())
                .repeatable(true);
        forwarded.headers().addEndToEnd(newRequest.headers());
        underWay = true;
        call = upstreams.call(loop, upstream, forwarded, this);
    }

    @Override
    public void refused(Request refused, Response answer, Reason reason, String evidence) {
        answer.status(reason.status()).send(text(reason));
    }

    @Override
    public void answered(UpstreamResponse answer) {
        var to = response;
        if (to == null) {
            return;
        }
        to.status(answer.status(), answer.reasonPhrase());
        to.headers().addEndToEnd(answer.headers());
        if (request != null && request.method().equals("HEAD")) {
            answer.body().discard();
            to.sendHeadOnly(answer.contentLength());
        } else {
            answer.body().pipeTo(to.stream(answer.body().length()));
        }
    }

    @Override
    public void ended() {
        underWay = false;
    }

    @Override
    public void failed(Reason reason, String evidence) {
        underWay = false;
        var to = response;
        if (to == null) {
            return;
        }
        if (to.isCommitted()) {
            to.abort(reason);
        } else {
            to.status(reason.status()).send(text(reason));
        }
    }

    @Override
    public void ended(Request over, Response answer, Ending ending) {
        if (ending != Ending.COMPLETE && underWay && call != null) {
            call.cancel();
        }
        underWay = false;
        request = null;
        response = null;
    }

    private static byte[] text(Reason reason) {
        return (reason.code() + ": " + reason.sentence() + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
