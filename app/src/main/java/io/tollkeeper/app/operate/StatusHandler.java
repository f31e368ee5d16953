package io.tollkeeper.app.operate;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;

/// Answers liveness and readiness as 3scale's gateway does. Runs on event loops; never blocks.
public final class StatusHandler implements ExchangeHandler {

    /// Whether calls should be sent here.
    public enum Readiness {
        READY(200, "{\"status\":\"ready\",\"success\":true}"),
        NO_PRODUCTS(200, "{\"status\":\"warning\",\"warning\":\"no services\",\"success\":true}"),
        DRAINING(503, "{\"status\":\"error\",\"error\":\"draining\",\"success\":false}");

        private final int status;
        private final String body;

        Readiness(int status, String body) {
            this.status = status;
            this.body = body;
        }
    }

    private static final String LIVE = "{\"status\":\"live\",\"success\":true}";

    private final Supplier<Readiness> readiness;

    public StatusHandler(Supplier<Readiness> readiness) {
        this.readiness = readiness;
    }

    @Override public void requested(Request request, Response response) {
        request.body().discard();
        boolean reading = request.method().equals("GET") || request.method().equals("HEAD");
        switch (reading ? withoutSlash(request.path()) : "") {
            case "/status/live" -> json(response.status(200), LIVE);
            case "/status/ready" -> {
                var now = readiness.get();
                json(response.status(now.status), now.body);
            }
            default -> {
                response.headers().set(HeaderName.CONTENT_TYPE, "text/plain; charset=utf-8");
                response.status(404).send(("Could not resolve " + request.method() + " " + request.path() + " - nil\n")
                        .getBytes(StandardCharsets.ISO_8859_1));
            }
        }
    }

    @Override public void refused(Request request, Response response, Reason reason, String evidence) {
        response.headers().set(HeaderName.CONTENT_TYPE, "text/plain; charset=utf-8");
        response.status(reason.status()).send((reason.code() + ": " + evidence + "\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override public void ended(Request request, Response response, Ending ending) {}

    private static String withoutSlash(String path) {
        return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    private static void json(Response response, String body) {
        response.headers().set(HeaderName.CONTENT_TYPE, "application/json; charset=utf-8");
        response.send((body + "\n").getBytes(StandardCharsets.US_ASCII));
    }
}
