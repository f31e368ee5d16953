package io.tollkeeper.meter;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executor;

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
import io.tollkeeper.core.integration.IntegrationError;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.CommitWaiter;
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
import io.tollkeeper.meter.params.MediaType;
import io.tollkeeper.meter.params.Multipart;
import io.tollkeeper.meter.params.Options;
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
final class ServiceManagementHandler implements ExchangeHandler, CommitWaiter, LoadWaiter, BodyReader.Failure {

    /// How a gateway of ours finds out that it talks to a meter of ours; it never asks.
    private static final HeaderName OURS = HeaderName.of("Tollkeeper-Meter");
    /// 3scale's word for a refusal, for a gateway that asked for no body.
    private static final HeaderName CODE = HeaderName.of("Tollkeeper-Meter-Code");
    private static final HeaderName BATCH = HeaderName.of("Tollkeeper-Batch");
    private static final int LONGEST_BATCH_ID = 100;
    private static final HeaderName VERSION = HeaderName.of("tollkeeper-version");
    private static final String END_USERS = "End-users are no longer supported, do not specify the user_id parameter";
    private static final byte[] NO_BODY = {};
    private static final byte[] OK = "ok".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] STATUS =
            ("{\"status\":\"ok\",\"version\":{\"backend\":\"" + InternalApi.COMPATIBLE_WITH + "\"}}")
                    .getBytes(StandardCharsets.US_ASCII);

    /// Evictions between a load and the decision are possible but not forever.
    private static final int MOST_LOADS = 8;

    private enum Waiting { NOTHING, LOADS, COMMIT, INTERNAL_API }

    private final ServiceManagement meter;
    private final Loop loop;
    private final LoopState state;
    private final MeterFlight flight;
    private final BodyReader bodies;
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
    private @Nullable Report report;
    private int loads;
    private int outstanding;
    private @Nullable Reason loadFailure;
    private byte[] prepared = NO_BODY;
    private byte[] form = NO_BODY;

    ServiceManagementHandler(ServiceManagement meter, Loop loop, LoopState state) {
        this.meter = meter;
        this.loop = loop;
        this.state = state;
        this.flight = new MeterFlight(state, meter.authorizer);
        this.bodies = new BodyReader(meter.formBudget, this);
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
            case INTERNAL -> {
                flight.internal(newRequest);
                internal();
            }
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
        route = Route.UNKNOWN;
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
        form = NO_BODY;
        bodies.ended();
        flight.end(route, endedRequest, endedResponse, ending); // tells from the call: clear it afterwards
        call.usage().clear();
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
        if (request().body().isEmpty()) {
            if (parseQuery()) {
                authorize();
            }
            return;
        }
        MediaType type = MediaType.of(request().headers().get(HeaderName.CONTENT_TYPE));
        if (type.isForm()) {
            bodies.collect(request().body(), bytes -> {
                if (parseQuery() && parseForm(type, bytes)) {
                    authorize();
                }
            });
        } else {
            bodies.drain(request(), response(), () -> {
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
        bodies.collect(request().body(), bytes -> {
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
        form = body;
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
        int first = headers.find(Options.HEADER, 0);
        if (first < 0) {
            return Options.NONE;
        }
        String value = headers.value(first);
        for (int i = headers.find(Options.HEADER, first + 1); i >= 0; i = headers.find(Options.HEADER, i + 1)) {
            value = value + "," + headers.value(i);
        }
        Options read = state.options(value);
        if (read.fault() != null) {
            flight.note("3scale-options ignored: " + read.fault());
        }
        return read;
    }

    @Override
    public void tooLarge() {
        if (route == Route.INTERNAL) {
            sendInternal(InternalAnswer.tooLarge(BodyReader.LARGEST));
        } else {
            error(Reason.BAD_REQUEST, "total query size exceeds limit (" + BodyReader.LARGEST + ")");
        }
    }

    @Override
    public void overloaded(long bytes) {
        unavailable(Reason.FORMS_OVERLOAD, bytes + " bytes more would pass 64 MiB of forms in memory");
    }

    @Override
    public void broken(Reason reason, String evidence) {
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
        Caller caller = Caller.of(params);
        CallerAccess.Refused refused = caller.preflight(catalog);
        if (refused != null) {
            error(refused, caller, catalog);
            return;
        }
        if (CallReader.hasUserId(params)) {
            if (caller.providerKey() != null && caller.access(catalog) instanceof CallerAccess.Allowed(var product)) {
                keep(product, Reason.END_USERS_NO_LONGER_SUPPORTED, END_USERS, List.of());
            }
            error(Reason.END_USERS_NO_LONGER_SUPPORTED, END_USERS);
            return;
        }
        if (CallReader.isUsageMisshapen(params)) {
            flight.refuse(Reason.USAGE_NOT_A_MAP, "usage was sent as a text or a list");
            fixed(Reason.USAGE_NOT_A_MAP.meterStatus(), CommonHeaders.XML, NO_BODY);
            return;
        }
        if (!route.isAuthrep()) {
            String providerKey = caller.speaksFor(catalog);
            if (providerKey != null) {
                countForProvider(providerKey, 1, 0);
            }
        }
        switch (caller.access(catalog)) {
            case CallerAccess.Refused denied -> error(denied, caller, catalog);
            case CallerAccess.Allowed(var product) -> {
                flight.about(product, caller);
                CallReader.read(params, options, route, product, now, call);
                call.waiter(this);
                redirectUri = route.isOauth() && CallReader.namesRedirectUri(params);
                decide();
            }
        }
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
        countAuthrep(1);
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
        if (route.isAuthrep() && (reason.isRejection() || reason == Reason.APPLICATION_NOT_FOUND)) {
            countForProvider(call.product().settings().providerKey(), 1, 0);
        }
        if (!reason.isRejection()) {
            keep(call.product(), reason, denied.message(), List.of());
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
        var parts = new StatusDocument.Parts(route.isOauth(), namedUri, options.appKeys(), options.hierarchy());
        return StatusDocument.write(state.xml, call.product(), application, call, reason, parts);
    }

    // ---- reports (7.2) ---------------------------------------------------------------------------------------------

    private void report() {
        Params params = state.params;
        options = readOptions();
        noBody = options.noBodyOfQuery(params);
        Catalog.Snapshot catalog = meter.catalog.current();
        Caller caller = Caller.of(params);
        CallerAccess.Refused refused = caller.preflightOfReport(catalog);
        if (refused != null) {
            error(refused, caller, catalog);
            return;
        }
        if (!params.isUtf8()) {
            noBody = false; // what cannot be read is answered in full
            error(Reason.NOT_VALID_DATA, "all data must be valid UTF8");
            return;
        }
        Reason fault = ReportReader.fault(params);
        if (fault != null) {
            error(fault, ReportReader.message(fault));
            return;
        }
        switch (caller.access(catalog)) {
            case CallerAccess.Refused denied -> error(denied, caller, catalog);
            case CallerAccess.Allowed(var product) -> {
                flight.about(product, caller);
                String batch = request().headers().get(BATCH);
                if (batch != null && (batch.isEmpty() || batch.length() > LONGEST_BATCH_ID)) {
                    error(Reason.BAD_REQUEST, "Tollkeeper-Batch is no usable id (expected: 1 to " + LONGEST_BATCH_ID + " characters)");
                    return;
                }
                // Ids of one product's batches are no business of another's.
                Report read = new Report(
                        product, now, options.flatUsage(), batch == null ? null : product.id() + "/" + batch, this);
                String note = ReportReader.read(params, read, now);
                if (note != null) {
                    flight.note(note);
                }
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
            case ReportOutcome.Counted _ -> {
                flight.counted(current);
                countReport(current, 1);
                waiting = Waiting.COMMIT;
            }
            case ReportOutcome.NothingToCount _ -> {
                countReport(current, 1);
                accepted();
            }
            case ReportOutcome.Voided(var faults) -> {
                // Nobody but the operator hears of it: the original answers before it looks (specification, 7.2).
                ReportOutcome.Fault first = faults.getFirst();
                flight.voided(current, faults);
                keep(current.product(), first.reason(), first.message(), faults);
                if (current.isBatch()) {
                    report = current.without(faults);
                    count();
                    return;
                }
                countReport(current, 1);
                accepted();
            }
            case ReportOutcome.NotLoaded(var keys) -> load(keys);
            case ReportOutcome.Unavailable(var reason) -> unavailable(reason, reason.sentence());
        }
    }

    private void accepted() {
        fixed(202, CommonHeaders.XML, NO_BODY);
    }

    // ---- traffic of the provider itself (section 18) ---------------------------------------------------------------

    /// A granted authrep, or one that has to be taken back (`sign` −1).
    private void countAuthrep(int sign) {
        if (route.isAuthrep()) {
            boolean used = call.usage().present() && !call.usage().onlyLiteralZero();
            countForProvider(call.product().settings().providerKey(), sign, used ? sign : 0);
        }
    }

    private void countReport(Report counted, int sign) {
        if (meter.traffic != null) {
            countForProvider(counted.product().settings().providerKey(), 0, (long) sign * counted.used());
        }
    }

    private void countForProvider(String providerKey, long calls, long transactions) {
        ProviderTraffic traffic = meter.traffic;
        if (traffic != null) {
            traffic.count(providerKey, meter.catalog.current(), calls, transactions);
        }
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
        flight.committed();
        if (!durable) {
            if (report == null) {
                countAuthrep(-1);
            } else {
                countReport(report, -1);
            }
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
        bodies.collect(request().body(), json -> {
            var asked = new InternalRequest(
                    request().method(),
                    request().path(),
                    request().query(),
                    request().headers().get(HeaderName.CONTENT_TYPE),
                    json);
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

    private void error(CallerAccess.Refused refused, Caller caller, Catalog.Snapshot catalog) {
        flight.refusedCaller(refused, caller, catalog);
        errorDocument(refused.reason(), refused.message());
    }

    /// Lets the owner of the product know what its callers do wrong (specification, section 17).
    private void keep(Product product, Reason reason, String message, List<ReportOutcome.Fault> faults) {
        String code = reason.meterCode();
        if (code != null) {
            String context = ErrorContext.of(request(), form, flight.requestId(), faults);
            meter.errors.add(new IntegrationError(product.id(), now, code, ErrorContext.message(message), context));
        }
    }

    private void errorDocument(Reason reason, String message) {
        CommonHeaders.addForError(response().headers());
        String code = reason.meterCode();
        if (code != null) {
            response().headers().add(CODE, code);
        }
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
    private void sendWhenRead(int status, byte[] answer) {
        bodies.drain(request(), response(), () -> send(status, answer));
    }

    private void send(int status, byte[] answer) {
        flight.addId(response().headers());
        switch (route) {
            case AUTHORIZE, AUTHREP, OAUTH_AUTHORIZE, OAUTH_AUTHREP, REPORT -> response().headers().set(OURS, "1");
            default -> {}
        }
        response().status(status).send(answer);
    }
}
