package io.tollkeeper.app.operate;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;

/// Answers Prometheus. One per connection: the page is rendered on a virtual thread, for summing the cells of all
/// loops is no work for one of them, and sent on the connection's own loop.
public final class MetricsHandler implements ExchangeHandler {
    private final Loop loop;
    private final Supplier<String> page;
    /// Counts the exchanges of this connection: a page that comes late belongs to none. On the loop only.
    private long exchange;

    public MetricsHandler(Loop loop, Supplier<String> page) {
        this.loop = loop;
        this.page = page;
    }

    @Override public void requested(Request request, Response response) {
        request.body().discard();
        if (!request.path().equals("/metrics") || !(request.method().equals("GET") || request.method().equals("HEAD"))) {
            response.headers().set(HeaderName.CONTENT_TYPE, "text/plain; charset=utf-8");
            response.status(404).send("only GET /metrics is answered here\n".getBytes(StandardCharsets.US_ASCII));
            return;
        }
        long asked = exchange;
        Thread.ofVirtual().name("metrics").start(() -> {
            var bytes = page.get().getBytes(StandardCharsets.UTF_8);
            loop.execute(() -> {
                if (exchange == asked) {
                    response.headers().set(HeaderName.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
                    response.status(200).send(bytes);
                }
            });
        });
    }

    @Override public void refused(Request request, Response response, Reason reason, String evidence) {
        response.headers().set(HeaderName.CONTENT_TYPE, "text/plain; charset=utf-8");
        response.status(reason.status()).send((reason.code() + ": " + evidence + "\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override public void ended(Request request, Response response, Ending ending) {
        exchange++;
    }
}
