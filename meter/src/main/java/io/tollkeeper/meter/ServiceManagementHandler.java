package io.tollkeeper.meter;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import io.tollkeeper.core.authorize.Call;
import io.tollkeeper.core.authorize.Decision;
import io.tollkeeper.core.authorize.LoadKey;
import io.tollkeeper.core.authorize.LoadWaiter;
import io.tollkeeper.core.authorize.Report;
import io.tollkeeper.core.authorize.ReportOutcome;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.CallerAccess;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.flight.Redaction;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.http.Body;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Loop;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;
import io.tollkeeper.meter.answer.CommonHeaders;
import io.tollkeeper.meter.answer.ErrorDocument;
import io.tollkeeper.meter.answer.LimitHeaders;
import io.tollkeeper.meter.answer.StatusDocument;
import io.tollkeeper.meter.internalapi.InternalAnswer;
import io.tollkeeper.meter.internalapi.InternalApi;
import io.tollkeeper.meter.internalapi.InternalRequest;
import io.tollkeeper.meter.params.Blank;
import io.tollkeeper.meter.params.MediaType;
import io.tollkeeper.meter.params.Multipart;
import io.tollkeeper.meter.params.Options;
import io.tollkeeper.meter.params.ParamName;
import io.tollkeeper.meter.params.Params;
import io.tollkeeper.meter.report.ReportReader;
import org.jspecify.annotations.Nullable;

/// Answers the Service Management API on one connection. Runs on its event loop; never blocks.
///
/// ```
/// requested ─ route ─┬─ fixed answers
///                    ├─ GET … ─ (form) ─ parameters ─ caller ─ decide ─┬─ denied, or nothing counted ─▶ answer
///                    │                                  ▲        │     └─ counted ─ wait for the commit ─▶ answer, 503
///                    │                                  └─ load ─┘
///                    ├─ POST /transactions.xml ─ form ─ parameters ─ caller ─ report ─ (load, commit) ─▶ 202, 503
///                    └─ /internal ─ body ─ virtual thread ─▶ answer
/// ```
///
/// The order of the checks is visible to clients, because only the first problem is reported (specification, section
/// 7); it is the order of the methods here.
final class ServiceManagementHandler implements ExchangeHandler, CommitWaiter, LoadWaiter {

    private static final ParamName PROVIDER_KEY = ParamName.of("provider_key");
    private static final ParamName SERVICE_TOKEN = ParamName.of("service_token");
    private static final ParamName SERVICE_ID = ParamName.of("service_id");
    private static final ParamName APP_ID = ParamName.of("app_id");
    private static final ParamName APP_KEY = ParamName.of("app_key");
    private static final ParamName USER_KEY = ParamName.of("user_key");
    private static final ParamName USER_ID = ParamName.of("user_id");
    private static final ParamName REFERRER = ParamName.of("referrer");
    private static final ParamName REDIRECT_URL = ParamName.of("redirect_url");
    private static final ParamName REDIRECT_URI = ParamName.of("redirect_uri");
    private static final ParamName USAGE = ParamName.of("usage");
    private static final ParamName LOG = ParamName.of("log");
    private static final ParamName CODE = ParamName.of("code");

    private static final HeaderName OPTIONS = HeaderName.of("3scale-options");
    private static final HeaderName VERSION = HeaderName.of("tollkeeper-version");
    private static final byte[] NO_BODY = {};
    private static final byte[] OK = "ok".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] STATUS =
            ("{\"status\":\"ok\",\"version\":{\"backend\":\"" + InternalApi.COMPATIBLE_WITH + "\"}}")
                    .getBytes(StandardCharsets.US_ASCII);

    /// The largest form that is read. A query is shorter by the limit of the request line.
    private static final int LARGEST_FORM = 4_194_304;
    /// A refused body is read and dropped up to here, so that its sender sees the answer.
    private static final long LARGEST_DRAINED = 16L << 20;
    /// Evictions between a load and the decision are possible but not forever.
    private static final int MOST_LOADS = 8;

    private enum Waiting { NOTHING, BODY, LOADS, COMMIT, INTERNAL_API }

    private final ServiceManagement meter;
    private final Loop loop;
    private final LoopState state;
    private final MeterFlight flight;
    private final Call call = new Call();

    private @Nullable Request request;
    private @Nullable Response response;
    private Route route = Route.UNKNOWN;
    private Waiting waiting = Waiting.NOTHING;
    private int exchange;
    private long now;
    private Options options = Options.NONE;
    private boolean noBody;
    private boolean redirectUri;
    private long reserved;
    private @Nullable Report report;
    private int loads;
    private int outstanding;
    private @Nullable Reason loadFailure;
    private byte[] prepared = NO_BODY;

    ServiceManagementHandler(ServiceManagement meter, Loop loop, LoopState state) {
        this.meter = meter;
        this.loop = loop;
        this.state = state;
        this.flight = new MeterFlight(state);
    }

    // ---- the exchange ----------------------------------------------------------------------------------------------

    @Override
    public void requested(Request newRequest, Response newResponse) {
        begin(newRequest, newResponse);
        route = Route.of(newRequest.method(), newRequest.path());
        switch (route) {
            case AUTHORIZE, AUTHREP, OAUTH_AUTHORIZE, OAUTH_AUTHREP -> readQuery();
            case REPORT -> readReport();
            case STATUS -> {
                response().headers().add(VERSION, meter.version);
                fixed(200, "application/json", STATUS);
            }
            case CHECK -> fixed(200, "text/plain;charset=utf-8", OK);
            case AVAILABLE -> fixed(200, CommonHeaders.XML, NO_BODY);
            case OPTIONS -> {
                CommonHeaders.addForOptions(response().headers());
                sendWhenRead(204, NO_BODY);
            }
            case INTERNAL -> internal();
            case UNKNOWN -> {
                flight.refuse(Reason.METER_NOT_FOUND, newRequest.method() + " " + newRequest.path());
                CommonHeaders.addForUnknownPath(response().headers());
                sendWhenRead(404, NO_BODY);
            }
        }
    }

    @Override
    public void refused(Request newRequest, Response newResponse, Reason reason, String evidence) {
        begin(newRequest, newResponse);
        flight.refuse(reason, evidence);
        CommonHeaders.addForAnswer(newResponse.headers(), CommonHeaders.XML);
        send(reason.status() == 0 ? 400 : reason.status(), NO_BODY);
    }

    private void begin(Request newRequest, Response newResponse) {
        request = newRequest;
        response = newResponse;
        waiting = Waiting.NOTHING;
        loads = 0;
        loadFailure = null;
        noBody = false;
        options = Options.NONE;
        long millis = meter.clock.millis();
        now = Math.floorDiv(millis, 1_000);
        flight.begin(newRequest, millis);
    }

    @Override
    public void ended(Request endedRequest, Response endedResponse, Ending ending) {
        exchange++;
        waiting = Waiting.NOTHING;
        report = null;
        prepared = NO_BODY;
        giveBack();
        flight.end(endedResponse, ending);
        request = null;
        response = null;
    }

    private Request request() {
        Request current = request;
        if (current == null) {
            throw new IllegalStateException("used outside of an exchange");
        }
        return current;
    }

    private Response response() {
        Response current = response;
        if (current == null) {
            throw new IllegalStateException("used outside of an exchange");
        }
        return current;
    }

    @Override
    public Executor executor() {
        return loop;
    }

    // ---- reading (section 4) ---------------------------------------------------------------------------------------

    private void readQuery() {
        Body body = request().body();
        if (body.isEmpty()) {
            if (parseQuery()) {
                authorize();
            }
            return;
        }
        MediaType type = MediaType.of(request().headers().get(HeaderName.CONTENT_TYPE));
        if (type.isForm()) {
            collect(LARGEST_FORM, bytes -> {
                if (parseQuery() && parseForm(type, bytes)) {
                    authorize();
                }
            });
        } else {
            drain(() -> {
                if (parseQuery()) {
                    authorize();
                }
            });
        }
    }

    private void readReport() {
        if (!parseQuery()) {
            return;
        }
        MediaType type = MediaType.of(request().headers().get(HeaderName.CONTENT_TYPE));
        if (!type.isEmpty() && !type.isForm()) {
            options = readOptions();
            noBody = options.noBodyOfQuery(state.params);
            error(Reason.CONTENT_TYPE_INVALID, "invalid Content-Type: " + type.name());
            return;
        }
        collect(LARGEST_FORM, bytes -> {
            if (parseQuery() && parseForm(type, bytes)) {
                report();
            }
        });
    }

    private boolean parseQuery() {
        Params params = state.params;
        params.clear();
        String query = request().query();
        return query == null || params.query(query) || badRequest();
    }

    private boolean parseForm(MediaType type, byte[] body) {
        Params params = state.params;
        String boundary = type.boundary();
        if (boundary == null || body.length == 0) {
            return params.form(body) || badRequest();
        }
        String fault = Multipart.read(body, boundary, params);
        if (fault != null) {
            error(Reason.BAD_REQUEST, fault);
        }
        return fault == null;
    }

    private boolean badRequest() {
        String fault = state.params.fault();
        error(Reason.BAD_REQUEST, fault == null ? "the parameters cannot be read" : fault);
        return false;
    }

    private Options readOptions() {
        Headers headers = request().headers();
        int first = headers.find(OPTIONS, 0);
        if (first < 0) {
            return Options.NONE;
        }
        String value = headers.value(first);
        for (int i = headers.find(OPTIONS, first + 1); i >= 0; i = headers.find(OPTIONS, i + 1)) {
            value = value + "," + headers.value(i);
        }
        Options read = state.options(value);
        if (read.fault() != null) {
            flight.note("3scale-options ignored: " + read.fault());
        }
        return read;
    }

    /// Takes the body into memory, within the budget that all connections share.
    private void collect(int limit, Consumer<byte[]> then) {
        Body body = request().body();
        long length = body.length() >= 0 ? body.length() : limit;
        if (length > limit) {
            tooLarge();
            return;
        }
        if (!meter.formBudget.take(length)) {
            unavailable(Reason.OVERLOAD, "form bodies in memory would exceed 64 MiB");
            return;
        }
        reserved = length;
        waiting = Waiting.BODY;
        int of = exchange;
        body.collect(limit, new Body.Collected() {
            @Override
            public void collected(byte[] bytes) {
                if (of == exchange) {
                    waiting = Waiting.NOTHING;
                    then.accept(bytes);
                }
            }

            @Override
            public void tooLarge(long atLeast) {
                if (of == exchange) {
                    giveBack();
                    ServiceManagementHandler.this.tooLarge();
                }
            }

            @Override
            public void failed(Reason reason, String evidence) {
                if (of == exchange) {
                    broken(reason, evidence);
                }
            }
        });
    }

    private void giveBack() {
        if (reserved > 0) {
            meter.formBudget.giveBack(reserved);
            reserved = 0;
        }
    }

    private void tooLarge() {
        if (route == Route.INTERNAL) {
            sendInternal(InternalAnswer.tooLarge(LARGEST_FORM));
        } else {
            error(Reason.BAD_REQUEST, "total query size exceeds limit (" + LARGEST_FORM + ")");
        }
    }

    /// The body did not arrive as it should: what can still be said is said.
    private void broken(Reason reason, String evidence) {
        giveBack();
        flight.refuse(reason, evidence);
        CommonHeaders.addForAnswer(response().headers(), CommonHeaders.XML);
        response().closeAfterwards();
        send(reason.status() == 0 || reason == Reason.ABORTED ? 400 : reason.status(), NO_BODY);
    }

    // ---- authorize, authrep (7.1) ----------------------------------------------------------------------------------

    private void authorize() {
        Params params = state.params;
        if (!params.isUtf8()) {
            error(Reason.NOT_VALID_DATA, "all data must be valid UTF8");
            return;
        }
        options = readOptions();
        noBody = options.noBody(params);
        Catalog.Snapshot catalog = meter.catalog.current();
        String providerKey = Blank.toNull(params.text(PROVIDER_KEY));
        String token = Blank.toNull(params.text(SERVICE_TOKEN));
        String serviceId = Blank.toNull(params.text(SERVICE_ID));
        CallerAccess.Refused refused = catalog.preflight(providerKey, token, serviceId);
        if (refused != null) {
            error(refused);
            return;
        }
        if (params.isGiven(params.find(USER_ID))) {
            error(
                    Reason.END_USERS_NO_LONGER_SUPPORTED,
                    "End-users are no longer supported, do not specify the user_id parameter");
            return;
        }
        int usage = params.find(USAGE);
        if (params.isGiven(usage) && !params.isMap(usage)) {
            flight.refuse(Reason.USAGE_NOT_A_MAP, "usage was sent as a text or a list");
            fixed(Reason.USAGE_NOT_A_MAP.meterStatus(), CommonHeaders.XML, NO_BODY);
            return;
        }
        switch (catalog.access(providerKey, token, serviceId)) {
            case CallerAccess.Refused denied -> error(denied);
            case CallerAccess.Allowed(var product) -> {
                fill(product, params, usage);
                flight.about(product);
                decide();
            }
        }
    }

    private void fill(Product product, Params params, int usage) {
        boolean authrep = route == Route.AUTHREP || route == Route.OAUTH_AUTHREP;
        String key = params.text(APP_KEY);
        call.begin(product, authrep ? Call.Kind.AUTHREP : Call.Kind.AUTHORIZE, now)
                .appId(Blank.toNull(params.text(APP_ID)))
                .appKey(key == null ? null : Blank.trim(key))
                .userKey(Blank.toNull(params.text(USER_KEY)))
                .referrer(Blank.toNull(params.text(REFERRER)));
        redirectUri = false;
        if (isOauth()) {
            String url = params.text(REDIRECT_URL);
            String uri = params.text(REDIRECT_URI);
            call.oauthEndpoint().redirectUrl(url).redirectUri(uri);
            redirectUri = url == null && uri != null;
        }
        if (noBody) {
            call.noBody();
        }
        if (options.flatUsage()) {
            call.flatUsage();
        }
        if (params.isMap(usage)) {
            for (int entry = params.first(usage); entry != Params.NONE; entry = params.next(entry)) {
                call.usage().name(params.key(entry), params.text(entry));
            }
        }
        if (authrep) {
            call.logCode(params.statusCode(params.find(params.find(LOG), CODE)));
            call.waiter(this);
        }
    }

    private boolean isOauth() {
        return route == Route.OAUTH_AUTHORIZE || route == Route.OAUTH_AUTHREP;
    }

    private void decide() {
        switch (meter.authorizer.decide(call)) {
            case Decision.Granted _ -> granted();
            case Decision.Denied denied -> denied(denied);
            case Decision.NotLoaded(var key) -> load(List.of(key));
            case Decision.Unavailable(var reason) -> unavailable(reason, reason.sentence());
        }
    }

    private void granted() {
        flight.granted(call);
        if (options.limitHeaders()) {
            LimitHeaders.add(response().headers(), call.product(), call, false);
        }
        byte[] body = noBody ? NO_BODY : statusDocument(null, redirectUri);
        CommonHeaders.addForAnswer(response().headers(), CommonHeaders.XML);
        if (call.counted()) {
            prepared = body;
            waiting = Waiting.COMMIT;
        } else {
            send(200, body);
        }
    }

    private void denied(Decision.Denied denied) {
        Reason reason = denied.reason();
        flight.denied(call, denied);
        if (!reason.isRejection()) {
            errorDocument(reason, denied.message());
            return;
        }
        Headers headers = response().headers();
        String code = reason.meterCode();
        if (options.rejectionReason() && code != null) {
            CommonHeaders.addRejection(headers, code);
        }
        if (options.limitHeaders() && reason == Reason.LIMIT) {
            LimitHeaders.add(headers, call.product(), call, true);
        }
        CommonHeaders.addForAnswer(headers, CommonHeaders.XML);
        // Before redirects were looked at, nobody knows yet which of the two names will be considered.
        boolean early = reason == Reason.OAUTH_NOT_ENABLED || reason == Reason.APPLICATION_KEY_INVALID;
        send(409, noBody ? NO_BODY : statusDocument(denied.message(), redirectUri && !early));
    }

    private byte[] statusDocument(@Nullable String reason, boolean namedUri) {
        Application application = call.application();
        if (application == null) {
            throw new IllegalStateException("a status without an application");
        }
        var parts = new StatusDocument.Parts(isOauth(), namedUri, options.appKeys(), options.hierarchy());
        return StatusDocument.write(state.xml, call.product(), application, call, reason, parts);
    }

    // ---- reports (7.2) ---------------------------------------------------------------------------------------------

    private void report() {
        Params params = state.params;
        options = readOptions();
        noBody = options.noBodyOfQuery(params);
        Catalog.Snapshot catalog = meter.catalog.current();
        String givenKey = params.text(PROVIDER_KEY);
        String providerKey = Blank.toNull(givenKey);
        String token = Blank.toNull(params.text(SERVICE_TOKEN));
        String serviceId = Blank.toNull(params.text(SERVICE_ID));
        CallerAccess.Refused refused = catalog.preflight(providerKey, token, serviceId);
        if (refused == null && givenKey != null && providerKey == null) {
            // On reports an empty provider key is a wrong one, even beside a good token (specification, 5.2).
            refused = new CallerAccess.Refused(
                    Reason.SERVICE_TOKEN_INVALID,
                    "service token \"" + token + "\" or service id \"" + serviceId + "\" is invalid");
        }
        if (refused != null) {
            error(refused);
            return;
        }
        if (!params.isUtf8()) {
            error(Reason.NOT_VALID_DATA, "all data must be valid UTF8");
            return;
        }
        Reason fault = ReportReader.fault(params);
        if (fault != null) {
            error(fault, ReportReader.message(fault));
            return;
        }
        switch (catalog.access(providerKey, token, serviceId)) {
            case CallerAccess.Refused denied -> error(denied);
            case CallerAccess.Allowed(var product) -> {
                flight.about(product);
                Report read = new Report(product, now, options.flatUsage(), null, this);
                ReportReader.read(params, read, now);
                report = read;
                count();
            }
        }
    }

    private void count() {
        Report current = report;
        if (current == null) {
            return;
        }
        switch (meter.authorizer.report(current)) {
            case ReportOutcome.Counted _ -> waiting = Waiting.COMMIT;
            case ReportOutcome.NothingToCount _ -> accepted();
            case ReportOutcome.Voided(var faults) -> {
                // Nobody but the operator hears of it: the original answers before it looks (specification, 7.2).
                ReportOutcome.Fault first = faults.getFirst();
                flight.refuse(first.reason(), "transaction " + first.index() + ": " + first.message()
                        + (faults.size() > 1 ? " (and " + (faults.size() - 1) + " more)" : ""));
                accepted();
            }
            case ReportOutcome.NotLoaded(var keys) -> load(keys);
            case ReportOutcome.Unavailable(var reason) -> unavailable(reason, reason.sentence());
        }
    }

    private void accepted() {
        fixed(202, CommonHeaders.XML, NO_BODY);
    }

    // ---- waiting ---------------------------------------------------------------------------------------------------

    private void load(List<LoadKey> keys) {
        if (++loads > MOST_LOADS) {
            unavailable(Reason.METER_OVERLOAD, "applications leave memory faster than they can be used");
            return;
        }
        waiting = Waiting.LOADS;
        loadFailure = null;
        outstanding = keys.size();
        for (LoadKey key : keys) {
            if (!meter.applications.load(key, this)) {
                loadFailure = Reason.METER_OVERLOAD;
                outstanding--;
            }
        }
        goOnWhenLoaded();
    }

    @Override
    public void loaded(@Nullable Reason failure) {
        outstanding--;
        if (failure != null) {
            loadFailure = failure;
        }
        goOnWhenLoaded();
    }

    private void goOnWhenLoaded() {
        if (outstanding > 0 || waiting != Waiting.LOADS) {
            return;
        }
        waiting = Waiting.NOTHING;
        Reason why = loadFailure;
        if (why != null) {
            unavailable(why, why.sentence());
        } else if (report != null) {
            count();
        } else {
            decide();
        }
    }

    @Override
    public void committed(boolean durable) {
        if (waiting != Waiting.COMMIT) {
            return; // the client left meanwhile; what was counted stays counted
        }
        waiting = Waiting.NOTHING;
        if (!durable) {
            unavailable(Reason.STORE_UNWRITABLE, "the journal could not write this call; it was taken back");
        } else if (report != null) {
            accepted();
        } else {
            send(200, prepared);
        }
    }

    // ---- the Internal API ------------------------------------------------------------------------------------------

    private void internal() {
        InternalAnswer refused = meter.internalApi.authenticate(request().headers().get(HeaderName.AUTHORIZATION));
        if (refused != null) {
            sendInternal(refused);
            return;
        }
        collect(LARGEST_FORM, body -> {
            var asked = new InternalRequest(request().method(), request().path(), request().query(), body);
            waiting = Waiting.INTERNAL_API;
            int of = exchange;
            meter.internalApi.handle(asked, answer -> loop.execute(() -> {
                if (of == exchange && waiting == Waiting.INTERNAL_API) {
                    waiting = Waiting.NOTHING;
                    sendInternal(answer);
                }
            }));
        });
    }

    private void sendInternal(InternalAnswer answer) {
        Headers headers = response().headers();
        answer.addTo(headers);
        if (answer.isStatus()) {
            headers.add(VERSION, meter.version);
        }
        sendWhenRead(answer.status(), answer.body());
    }

    // ---- answers ---------------------------------------------------------------------------------------------------

    /// `<error>`; its body is left out if the caller asked for no body.
    private void error(Reason reason, String message) {
        flight.refuse(reason, message);
        errorDocument(reason, message);
    }

    private void error(CallerAccess.Refused refused) {
        flight.refuse(refused.reason(), evidence(refused.reason()));
        errorDocument(refused.reason(), refused.message());
    }

    /// What the caller sent, shortened: the message to the caller shows it in full.
    private String evidence(Reason reason) {
        Params params = state.params;
        StringBuilder text = new StringBuilder(96).append(reason.sentence());
        append(text, "provider_key", params.text(PROVIDER_KEY), true);
        append(text, "service_token", params.text(SERVICE_TOKEN), true);
        append(text, "service_id", params.text(SERVICE_ID), false);
        return text.toString();
    }

    private static void append(StringBuilder text, String name, @Nullable String value, boolean secret) {
        if (value != null) {
            text.append(' ').append(name).append('=').append(secret ? Redaction.shortened(value) : value);
        }
    }

    private void errorDocument(Reason reason, String message) {
        CommonHeaders.addForError(response().headers());
        String code = reason.meterCode();
        byte[] body = noBody ? NO_BODY : ErrorDocument.write(state.xml, code == null ? "bad_request" : code, message);
        sendWhenRead(reason.meterStatus(), body);
    }

    /// 503: not acknowledged, so counted once or not at all. Clients parse the body, so there is one.
    private void unavailable(Reason reason, String evidence) {
        response().headers().clear();
        response().headers().add(HeaderName.RETRY_AFTER, "1");
        flight.unavailable(reason, evidence);
        CommonHeaders.addForError(response().headers());
        String code = reason.meterCode();
        sendWhenRead(
                503,
                ErrorDocument.write(state.xml, code == null ? "service_unavailable" : code, reason.sentence()));
    }

    private void fixed(int status, String contentType, byte[] body) {
        CommonHeaders.addForAnswer(response().headers(), contentType);
        sendWhenRead(status, body);
    }

    /// Sends when the request's body was read, so that its sender, still writing, does not lose the answer.
    private void sendWhenRead(int status, byte[] body) {
        Body left = request().body();
        if (left.isEmpty() || waiting != Waiting.NOTHING || request().headers().has(HeaderName.EXPECT)) {
            send(status, body);
        } else {
            drain(() -> send(status, body));
        }
    }

    private void drain(Runnable then) {
        waiting = Waiting.BODY;
        int of = exchange;
        request().body().drain(LARGEST_DRAINED, complete -> {
            if (of == exchange) {
                waiting = Waiting.NOTHING;
                if (!complete) {
                    response().closeAfterwards();
                }
                then.run();
            }
        });
    }

    private void send(int status, byte[] body) {
        flight.addId(response().headers());
        response().status(status).send(body);
    }
}
