package io.tollkeeper.gateway.meter;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.metrics.LoopMetrics.BackendCall;
import io.tollkeeper.http.Body;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.UpstreamHandler;
import io.tollkeeper.http.UpstreamRequest;
import io.tollkeeper.http.UpstreamResponse;
import org.jspecify.annotations.Nullable;

/// One call of a remote meter, from its request to the end of its answer. Reused by its loop when it is over; no
/// exchange owns it, so that a client that leaves does not break off what may be counted already.
final class MeterCall implements UpstreamHandler {

    /// Hears the answer, once, on the call's loop.
    @FunctionalInterface
    interface Then {
        void answered(MeterAnswer answer);
    }

    /// Documents of errors are short.
    private static final int LONGEST_DOCUMENT = 4096;

    private static final HeaderName OPTIONS = HeaderName.of("3scale-Options");
    private static final HeaderName BATCH = HeaderName.of("Tollkeeper-Batch");
    private static final String WITH_BODY = "rejection_reason_header=1&limit_headers=1";
    private static final String NO_BODY = WITH_BODY + "&no_body=1";
    private static final String FORM = "application/x-www-form-urlencoded";

    private final MeterLoop loop;
    private final UpstreamRequest request = new UpstreamRequest();
    private final MeterAnswer answer = new MeterAnswer();
    private BackendCall kind = BackendCall.AUTHREP;
    private @Nullable Then then;
    /// What the request's headers were made for; they are kept from call to call.
    private @Nullable String optionsSent;

    MeterCall(MeterLoop loop) {
        this.loop = loop;
    }

    /// Asks. An authorize is sent a second time if its pooled connection turns out closed; an authrep counts and is not.
    void ask(MeterEndpoint endpoint, BackendCall newKind, boolean noBody, String target, Then whenAnswered) {
        String options = noBody ? NO_BODY : WITH_BODY;
        if (!options.equals(optionsSent)) {
            Headers headers = request.reset().headers();
            headers.add(HeaderName.USER_AGENT, loop.settings().userAgent());
            headers.add(OPTIONS, options);
            optionsSent = options;
        }
        request.method("GET").repeatable(newKind == BackendCall.AUTH).target(target);
        start(endpoint, newKind, whenAnswered);
    }

    /// Hands in a form.
    ///
    /// @param batch its id for a meter of ours, which counts it once however often it comes; null for others
    void report(MeterEndpoint endpoint, String target, byte[] form, @Nullable String batch, Then whenAnswered) {
        optionsSent = null;
        Headers headers = request.reset().headers();
        headers.add(HeaderName.USER_AGENT, loop.settings().userAgent());
        headers.add(HeaderName.CONTENT_TYPE, FORM);
        if (batch != null) {
            headers.add(BATCH, batch);
        }
        request.method("POST").target(target).body(Body.of(form));
        start(endpoint, BackendCall.REPORT, whenAnswered);
    }

    private void start(MeterEndpoint endpoint, BackendCall newKind, Then whenAnswered) {
        kind = newKind;
        then = whenAnswered;
        answer.clear();
        loop.pool().call(loop.loop(), endpoint.upstream(), request, this);
    }

    @Override
    public void answered(UpstreamResponse response) {
        answer.head(response.status(), response.headers());
        Body body = response.body();
        if (answer.wantsBody() && !body.isEmpty()) {
            body.collect(LONGEST_DOCUMENT, new Document(body));
        } else {
            body.discard();
            tell();
        }
    }

    /// The document that may tell why.
    private final class Document implements Body.Collected {
        private final Body body;

        Document(Body body) {
            this.body = body;
        }

        @Override
        public void collected(byte[] bytes) {
            answer.body(bytes);
            tell();
        }

        @Override
        public void tooLarge(long atLeast) {
            body.discard();
            tell();
        }

        @Override
        public void failed(Reason reason, String evidence) {
            tell(); // the status is known, and decides
        }
    }

    @Override
    public void ended() {
        over();
    }

    @Override
    public void failed(Reason reason, String evidence) {
        if (answer.status() == 0) {
            answer.failed(reason, evidence);
        }
        over();
    }

    private void tell() {
        Then hears = then;
        then = null;
        if (hears != null) {
            loop.metrics().backendCall(kind, answer.status());
            hears.answered(answer);
        }
    }

    private void over() {
        tell();
        loop.give(this);
    }
}
