package io.tollkeeper.app.operate;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

import io.tollkeeper.app.operate.ManagementApi.Said;
import io.tollkeeper.app.settings.Settings.Management.Mode;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.Body;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;
import org.jspecify.annotations.Nullable;

/// Answers the management API in the mode that was chosen. One per connection: liveness and readiness are answered on its
/// loop at once, so that a busy program still says that it lives; all else on a virtual thread, and sent on the loop.
///
/// | mode | routes |
/// |---|---|
/// | disabled | none: `GET /` is 403, all else 404 |
/// | policies | `GET /policies` |
/// | status | that, and `GET /status/live`, `/status/ready`, `/status/info` |
/// | debug | that, and `GET`, `PUT`, `POST`, `DELETE /config`, `POST /boot`, `GET /dns/cache` |
public final class ManagementHandler implements ExchangeHandler {
    private static final String LIVE = "{\"status\":\"live\",\"success\":true}";
    private static final int LARGEST_DOCUMENT = 64 << 20;

    private final Loop loop;
    private final Mode mode;
    private final Supplier<Readiness> readiness;
    private final ManagementApi api;
    /// Counts the exchanges of this connection: an answer that comes late belongs to none. On the loop only.
    private long exchange;

    public ManagementHandler(Loop loop, Mode mode, Supplier<Readiness> readiness, ManagementApi api) {
        this.loop = loop;
        this.mode = mode;
        this.readiness = readiness;
        this.api = api;
    }

    @Override public void requested(Request request, Response response) {
        var method = request.method().equals("HEAD") ? "GET" : request.method();
        var route = method + " " + withoutSlash(request.path());
        if (isStatus() && route.equals("GET /status/live")) {
            request.body().discard();
            send(response, new Said(200, ManagementApi.JSON_TYPE, LIVE));
        } else if (isStatus() && route.equals("GET /status/ready")) {
            request.body().discard();
            var now = readiness.get();
            send(response, new Said(now.status(), ManagementApi.JSON_TYPE, now.body()));
        } else if (mode == Mode.DEBUG && (route.equals("PUT /config") || route.equals("POST /config"))) {
            replace(request, response);
        } else {
            request.body().discard();
            var work = work(route);
            if (work != null) {
                answerWith(response, work);
            } else {
                send(response, mode == Mode.DISABLED && route.equals("GET /") ? new Said(403, ManagementApi.TEXT_TYPE, "forbidden") : unknown(request));
            }
        }
    }

    private boolean isStatus() {
        return mode == Mode.STATUS || mode == Mode.DEBUG;
    }

    private @Nullable Supplier<Said> work(String route) {
        return switch (route) {
            case "GET /status/info" -> isStatus() ? api::info : null;
            case "GET /policies" -> mode == Mode.DISABLED ? null : api::policies;
            case "GET /config" -> mode == Mode.DEBUG ? api::config : null;
            case "DELETE /config" -> mode == Mode.DEBUG ? api::delete : null;
            case "POST /boot" -> mode == Mode.DEBUG ? api::boot : null;
            case "GET /dns/cache" -> mode == Mode.DEBUG ? api::dnsCache : null;
            default -> null;
        };
    }

    private static Said unknown(Request request) {
        return new Said(404, ManagementApi.TEXT_TYPE, "Could not resolve " + request.method() + " " + request.path() + " - nil");
    }

    private void replace(Request request, Response response) {
        long asked = exchange;
        request.body().collect(LARGEST_DOCUMENT, new Body.Collected() {
            @Override public void collected(byte[] bytes) {
                if (exchange == asked) {
                    answerWith(response, () -> api.replace(bytes));
                }
            }

            @Override public void tooLarge(long atLeast) {
                if (exchange == asked) {
                    response.closeAfterwards();
                    send(response, new Said(413, ManagementApi.TEXT_TYPE, "a document of at least " + atLeast + " bytes (expected: at most " + LARGEST_DOCUMENT + ")"));
                }
            }

            @Override public void failed(Reason reason, String evidence) {
                if (exchange == asked && !response.isCommitted()) {
                    response.closeAfterwards();
                    send(response, new Said(reason.status(), ManagementApi.TEXT_TYPE, reason.code() + ": " + evidence));
                }
            }
        });
    }

    private void answerWith(Response response, Supplier<Said> work) {
        long asked = exchange;
        Thread.ofVirtual().name("management").start(() -> {
            var said = work.get();
            loop.execute(() -> {
                if (exchange == asked) {
                    send(response, said);
                }
            });
        });
    }

    private static void send(Response response, Said said) {
        response.headers().set(HeaderName.CONTENT_TYPE, said.type());
        response.status(said.status()).send((said.body() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    @Override public void refused(Request request, Response response, Reason reason, String evidence) {
        send(response, new Said(reason.status(), ManagementApi.TEXT_TYPE, reason.code() + ": " + evidence));
    }

    @Override public void ended(Request request, Response response, Ending ending) {
        exchange++;
    }

    private static String withoutSlash(String path) {
        return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }
}
