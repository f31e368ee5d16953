package io.tollkeeper.app.demo;

import java.nio.charset.StandardCharsets;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;

/// An upstream that answers every request with the request it got: request line and headers, as text. Runs on event
/// loops; never blocks.
public final class Echo implements ExchangeHandler {

    @Override public void requested(Request request, Response response) {
        request.body().discard();
        var text = new StringBuilder().append(request.method()).append(' ').append(request.target()).append(' ')
                .append(request.protocol()).append('\n');
        var headers = request.headers();
        for (int i = 0; i < headers.size(); i++) {
            text.append(headers.name(i)).append(": ").append(headers.value(i)).append('\n');
        }
        answer(response.status(200), text.toString());
    }

    @Override public void refused(Request request, Response response, Reason reason, String evidence) {
        answer(response.status(reason.status()), reason.code() + ": " + evidence + "\n");
    }

    @Override public void ended(Request request, Response response, Ending ending) {}

    private static void answer(Response response, String text) {
        response.headers().set(HeaderName.CONTENT_TYPE, "text/plain; charset=utf-8");
        response.send(text.getBytes(StandardCharsets.UTF_8));
    }
}
