package io.tollkeeper.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.Listener;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;

/// An API to protect: answers `fine` at once, but calls to `/held` only when [#release] was called.
final class TestUpstream implements AutoCloseable {
    private final Engine engine = Engine.start(new EngineSettings(null, 1, EngineSettings.Dns.DEFAULT));
    private final Listener listener;
    private final CompletableFuture<Void> released = new CompletableFuture<>();
    private final AtomicInteger held = new AtomicInteger();
    private final ConcurrentLinkedQueue<CompletableFuture<Void>> waiting = new ConcurrentLinkedQueue<>();

    TestUpstream() {
        try {
            listener = engine.listen(ListenerSettings.plain("upstream", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), Api::new);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return listener.address().getPort();
    }

    /// How many calls wait.
    int held() {
        return held.get();
    }

    void release() {
        released.complete(null);
    }

    private final class Api implements ExchangeHandler {
        private final Loop loop;

        Api(Loop loop) {
            this.loop = loop;
        }

        @Override public void requested(Request request, Response response) {
            request.body().discard();
            if (request.path().equals("/held")) {
                held.incrementAndGet();
                waiting.add(released.thenRun(() -> loop.execute(() -> answer(response))));
            } else {
                answer(response);
            }
        }

        private void answer(Response response) {
            response.status(200).send("fine\n".getBytes(StandardCharsets.US_ASCII));
        }

        @Override public void refused(Request request, Response response, Reason reason, String evidence) {
            response.status(reason.status()).send();
        }

        @Override public void ended(Request request, Response response, Ending ending) {}
    }

    @Override public void close() {
        listener.close();
        engine.close();
    }
}
