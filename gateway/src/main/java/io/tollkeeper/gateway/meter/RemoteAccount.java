package io.tollkeeper.gateway.meter;

import java.util.List;
import java.util.stream.IntStream;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.credentials.Credentials;
import io.tollkeeper.gateway.exchange.Batching;
import io.tollkeeper.gateway.exchange.Caching;
import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.MeterOptions;
import io.tollkeeper.gateway.exchange.MeterOptions.Owed;
import io.tollkeeper.gateway.exchange.Parking;
import io.tollkeeper.gateway.exchange.RequestUsage;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.gateway.metrics.LoopMetrics.BackendCall;
import io.tollkeeper.gateway.metrics.LoopMetrics.MeterDecision;
import org.jspecify.annotations.Nullable;

/// One product's calls of a remote meter. On event loops; never blocks.
///
/// A call's *key* says who calls and what is used; it is the key of the cache, and from its first `&` on it is what is
/// sent:
///
/// ```
/// 101                &user_key=k1&usage%5Bhits%5D=1&referrer=…
/// 101:eyJhbGciOi…    &app_id=client&usage%5Bhits%5D=1            with a token, which makes a key of its own
/// ```
final class RemoteAccount implements Meter.Account {

    private static final int ABORTED = 499;

    private final RemoteMeter meter;
    private final MeterEndpoint endpoint;
    private final @Nullable AuthenticationMode mode;
    private final boolean noBody;
    private final String keyStart;
    private final String authrep;
    private final String authorize;
    private final String report;
    private final String spoolTarget;
    /// `&usage%5Bname%5D=` by slot.
    private final String[] usage;
    /// Places of the slots in the order of their names.
    private final int[] rank;
    private volatile boolean tokenKnown;

    RemoteAccount(RemoteMeter meter, MeterEndpoint endpoint, ProxyConfig config, List<String> metrics) {
        this.meter = meter;
        this.endpoint = endpoint;
        mode = config.mode();
        boolean oauth = mode == AuthenticationMode.OAUTH;
        noBody = !oauth || config.openId() != null;
        String id = QueryText.encoded(config.productId());
        keyStart = id;
        String type = config.backendAuthenticationType();
        String value = config.backendAuthenticationValue();
        String query = "?" + (type == null || value == null ? "" : QueryText.encoded(type) + "=" + QueryText.encoded(value) + "&")
                + "service_id=" + id;
        String transactions = endpoint.prefix() + "/transactions";
        authrep = transactions + (oauth ? "/oauth_authrep.xml" : "/authrep.xml") + query;
        authorize = transactions + (oauth ? "/oauth_authorize.xml" : "/authorize.xml") + query;
        report = transactions + ".xml" + query;
        spoolTarget = endpoint.description() + "\n" + endpoint.upstream().hostHeader() + "\n" + report;
        usage = metrics.stream().map(name -> "&usage%5B" + QueryText.encoded(name) + "%5D=").toArray(String[]::new);
        rank = new int[usage.length];
        int[] sorted = IntStream.range(0, usage.length)
                .boxed()
                .sorted((a, b) -> metrics.get(a).compareTo(metrics.get(b)))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int place = 0; place < sorted.length; place++) {
            rank[sorted[place]] = place;
        }
    }

    // ---- deciding

    @Override
    public Step authorize(Exchange exchange) {
        long start = System.nanoTime();
        MeterLoop loop = meter.of(exchange.facilities());
        MeterOptions options = exchange.meterOptions();
        exchange.record().meterHost(endpoint.description());
        Batching batching = options.batching();
        if (batching != null) {
            return authorizeForAWhile(exchange, loop, batching, start);
        }
        Caching asked = options.caching();
        Caching caching = asked != null ? asked : meter.settings().caching();
        String key = key(exchange, loop, options.referrer(), 1);
        Spool spool = meter.spool();
        if (spool != null && meter.isOurs(endpoint)) {
            return authorizeWithOurs(exchange, loop, spool, key, caching, start);
        }
        boolean known = caching != Caching.NONE && meter.cache().isGood(key);
        loop.metrics().authCache(known);
        if (known) {
            if (loop.lane(endpoint).hasRoom()) {
                options.owes(key, Owed.AUTHREP);
                return granted(exchange, FlightRecord.DecidedBy.CACHE, start);
            }
            loop.metrics().reportInline();
        }
        boolean counts = known || meter.settings().firstCall() == RemoteMeterSettings.FirstCall.AUTHREP;
        Parking place = exchange.park(0, Reason.METER_TIMEOUT);
        Waiting waiting = new Waiting(this, exchange, place, key, caching, counts, start);
        if (counts) {
            loop.take().ask(endpoint, BackendCall.AUTHREP, noBody, target(authrep, key, 0), waiting);
        } else {
            loop.take().ask(endpoint, BackendCall.AUTH, noBody, target(authorize, key, 0), waiting);
        }
        return Step.WAIT;
    }

    /// An exchange that waits for the meter. What the meter says is remembered even if the client has left.
    private record Waiting(
            RemoteAccount account,
            Exchange exchange,
            Parking place,
            String key,
            Caching caching,
            boolean counted,
            long start)
            implements MeterCall.Then {

        @Override
        public void answered(MeterAnswer answer) {
            account.meter.cache().answered(caching, key, answer.status());
            account.learn(answer);
            place.resumeWith(() -> account.decided(this, answer));
        }
    }

    private void learn(MeterAnswer answer) {
        if (answer.isFailure()) {
            meter.outage(endpoint, answer);
            return;
        }
        if (Failures.showsKnownToken(answer.status()) && !tokenKnown) {
            tokenKnown = true;
        }
        if (answer.isOurs() != meter.isOurs(endpoint)) {
            meter.isOurs(endpoint, answer.isOurs());
        }
    }

    private Step decided(Waiting waiting, MeterAnswer answer) {
        Exchange exchange = waiting.exchange;
        exchange.record().meterStatus(answer.status());
        if (answer.isGood()) {
            if (!waiting.counted) {
                exchange.meterOptions().owes(waiting.key, Owed.REPORT);
            } else if (meter.spool() != null && answer.isOurs()) {
                // the first answer of a meter of ours
                fresh(waiting.key, answer, true);
                exchange.meterOptions().owes(waiting.key, Owed.STATUS);
            }
            return granted(exchange, FlightRecord.DecidedBy.ANSWER, waiting.start);
        }
        if (answer.isFailure()) {
            if (meter.cache().isGood(waiting.key)) {
                exchange.contribute(answer.failure());
                exchange.record().note(answer.describe(endpoint));
                return granted(exchange, FlightRecord.DecidedBy.CACHE_IN_OUTAGE, waiting.start);
            }
            return undecided(exchange, answer, waiting.start);
        }
        return denied(exchange, answer, waiting.start);
    }

    private Step granted(Exchange exchange, FlightRecord.DecidedBy how, long start) {
        FlightRecord record = exchange.record();
        record.decision(FlightRecord.Outcome.GRANTED);
        record.decidedBy(how);
        exchange.facilities().metrics().meter(MeterDecision.GRANTED);
        timed(exchange, start);
        return Step.NEXT;
    }

    private static void timed(Exchange exchange, long start) {
        long end = System.nanoTime();
        exchange.meterNanos(end - start);
        exchange.record().stamp(Stage.METER, end);
    }

    private Step undecided(Exchange exchange, MeterAnswer answer, long start) {
        exchange.record().decision(FlightRecord.Outcome.UNAVAILABLE);
        exchange.facilities().metrics().meter(MeterDecision.UNAVAILABLE);
        timed(exchange, start);
        exchange.meterOptions().outageIsAuthFailed(
                meter.settings().unreachableStatus() == RemoteMeterSettings.UnreachableStatus.AS_3SCALE);
        return exchange.refuse(answer.failure(), answer.describe(endpoint));
    }

    private Step denied(Exchange exchange, MeterAnswer answer, long start) {
        FlightRecord record = exchange.record();
        record.decision(FlightRecord.Outcome.DENIED);
        record.decidedBy(FlightRecord.DecidedBy.ANSWER);
        exchange.facilities().metrics().meter(MeterDecision.DENIED);
        timed(exchange, start);
        // What is refused with a status that is no word of the protocol is a failed authentication to the client.
        exchange.meterOptions().outageIsAuthFailed(true);
        if (answer.isLimitsExceeded()) {
            record.limitMax(Freshness.number(answer.limitMax()));
            exchange.meterOptions().limits(answer.limitMax(), answer.limitRemaining(), answer.limitReset());
            return exchange.refuse(Reason.LIMIT, answer.describe(endpoint));
        }
        Reason reason = Failures.ofRefusal(answer.status(), answer.code(), mode, tokenKnown);
        return exchange.refuse(reason, answer.describe(endpoint) + doubt(reason));
    }

    private String doubt(Reason reason) {
        if (reason != Reason.METER_DENIED || mode != AuthenticationMode.USER_KEY) {
            return "";
        }
        return " without a code; it has not let in a call of this product since the start, so the service token may be wrong as well as the key";
    }

    // ---- with a meter of ours

    /// What the meter let in once is let in for a second without asking, as long as it had enough left; it is noted on
    /// disk and handed in. Near a limit the meter is asked about all that it may not know of yet, so that calls of one
    /// gateway never pass it.
    private Step authorizeWithOurs(
            Exchange exchange, MeterLoop loop, Spool spool, String key, Caching caching, long start) {
        Freshness fresh = meter.freshness().get(key);
        Freshness usable = caching != Caching.NONE && meter.cache().isGood(key) ? fresh : null;
        loop.metrics().authCache(usable != null);
        if (usable != null && usable.letsIn(start) && noted(exchange, spool, key)) {
            if (usable.isDue(start)) {
                renew(loop, key, caching, usable);
            }
            exchange.meterOptions().owes(key, Owed.STATUS);
            return granted(exchange, FlightRecord.DecidedBy.CACHE, start);
        }
        long unknown = fresh == null ? 0 : fresh.unknown(start);
        Parking place = exchange.park(0, Reason.METER_TIMEOUT);
        WaitingForOurs waiting = new WaitingForOurs(this, exchange, place, spool, key, caching, unknown == 0, start);
        if (unknown == 0) {
            loop.take().ask(endpoint, BackendCall.AUTHREP, noBody, target(authrep, key, 0), waiting);
        } else {
            String all = key(exchange, loop, exchange.meterOptions().referrer(), unknown + 1);
            loop.take().ask(endpoint, BackendCall.AUTH, noBody, target(authorize, all, 0), waiting);
        }
        return Step.WAIT;
    }

    private boolean noted(Exchange exchange, Spool spool, String key) {
        return spool.of(exchange.loop()).call(spoolTarget, key, exchange.record().receivedMillis() / 1000);
    }

    /// Asks again about a key that is in use; nobody waits.
    private void renew(MeterLoop loop, String key, Caching caching, Freshness fresh) {
        loop.take().ask(endpoint, BackendCall.AUTH, noBody, target(authorize, key, 0), answer -> {
            meter.cache().answered(caching, key, answer.status());
            learn(answer);
            if (answer.isGood()) {
                fresh.asked(System.nanoTime(), Freshness.number(answer.limitRemaining()));
            }
        });
    }

    private record WaitingForOurs(
            RemoteAccount account,
            Exchange exchange,
            Parking place,
            Spool spool,
            String key,
            Caching caching,
            boolean counted,
            long start)
            implements MeterCall.Then {

        @Override
        public void answered(MeterAnswer answer) {
            account.meter.cache().answered(caching, key, answer.status());
            account.learn(answer);
            if (answer.isGood()) {
                account.fresh(key, answer, counted);
            }
            place.resumeWith(() -> account.decidedByOurs(this, answer));
        }
    }

    private void fresh(String key, MeterAnswer answer, boolean counted) {
        long now = System.nanoTime();
        Freshness known = meter.freshness().get(key);
        if (counted) {
            // what is left behind this call
            long left = Freshness.number(answer.limitRemaining());
            if (known == null) {
                meter.freshness().putIfAbsent(key, new Freshness(now, left));
            } else {
                known.asked(now, left);
            }
        }
    }

    private Step decidedByOurs(WaitingForOurs waiting, MeterAnswer answer) {
        Exchange exchange = waiting.exchange;
        exchange.record().meterStatus(answer.status());
        boolean outlasts = answer.isFailure() && meter.cache().isGood(waiting.key);
        if (!answer.isGood() && !outlasts) {
            return answer.isFailure() ? undecided(exchange, answer, waiting.start) : denied(exchange, answer, waiting.start);
        }
        boolean counted = waiting.counted && answer.isGood();
        boolean noted = counted || noted(exchange, waiting.spool, waiting.key);
        exchange.meterOptions().owes(waiting.key, noted ? Owed.STATUS : Owed.AUTHREP);
        if (noted && !counted) {
            Freshness fresh = meter.freshness().get(waiting.key);
            if (fresh != null) {
                fresh.letIn(System.nanoTime());
            }
        }
        if (outlasts) {
            exchange.contribute(answer.failure());
            exchange.record().note(answer.describe(endpoint));
            return granted(exchange, FlightRecord.DecidedBy.CACHE_IN_OUTAGE, waiting.start);
        }
        return granted(exchange, FlightRecord.DecidedBy.ANSWER, waiting.start);
    }

    // ---- deciding for a while

    /// A batching product: the decision holds for a while, what is used is summed up and handed in later.
    private Step authorizeForAWhile(Exchange exchange, MeterLoop loop, Batching batching, long start) {
        String key = key(exchange, loop, null, 1);
        BatchedDecisions.Decision known = meter.batchedDecisions().find(key, start);
        loop.metrics().batcherCache(known != null);
        if (known == null) {
            Parking place = exchange.park(0, Reason.METER_TIMEOUT);
            loop.take().ask(endpoint, BackendCall.AUTH, noBody, target(authorize, key, 0),
                    new WaitingForAWhile(this, exchange, place, key, batching, start));
            return Step.WAIT;
        }
        if (known.status() != 200) {
            return deniedForAWhile(exchange, known.status(), known.code(), FlightRecord.DecidedBy.CACHE, start,
                    "service management at " + endpoint.description() + " had answered " + known.status()
                            + (known.code() == null ? "" : " " + known.code()) + " to an equal call, which holds for a while");
        }
        meter.batch(loop, endpoint, report).add(key, batching.reportEvery(), loop.metrics());
        return granted(exchange, FlightRecord.DecidedBy.CACHE, start);
    }

    private record WaitingForAWhile(
            RemoteAccount account, Exchange exchange, Parking place, String key, Batching batching, long start)
            implements MeterCall.Then {

        @Override
        public void answered(MeterAnswer answer) {
            if (!answer.isFailure()) {
                account.meter.batchedDecisions()
                        .put(key, answer.status(), answer.code(), batching.remembered(), System.nanoTime());
            } else {
                account.meter.outage(account.endpoint, answer);
            }
            place.resumeWith(() -> account.decidedForAWhile(this, answer));
        }
    }

    private Step decidedForAWhile(WaitingForAWhile waiting, MeterAnswer answer) {
        Exchange exchange = waiting.exchange;
        exchange.record().meterStatus(answer.status());
        Caching caching = exchange.meterOptions().caching();
        if (caching != null) {
            meter.cache().answered(caching, waiting.key, answer.status());
        }
        MeterLoop loop = meter.of(exchange.facilities());
        boolean outlasts = answer.isFailure() && caching != null && meter.cache().isGood(waiting.key);
        if (answer.isGood() || outlasts) {
            meter.batch(loop, endpoint, report).add(waiting.key, waiting.batching.reportEvery(), loop.metrics());
        }
        if (outlasts) {
            exchange.contribute(answer.failure());
            exchange.record().note(answer.describe(endpoint));
            return granted(exchange, FlightRecord.DecidedBy.CACHE_IN_OUTAGE, waiting.start);
        }
        if (answer.isGood()) {
            return granted(exchange, FlightRecord.DecidedBy.ANSWER, waiting.start);
        }
        return answer.isFailure()
                ? undecided(exchange, answer, waiting.start)
                : deniedForAWhile(exchange, answer.status(), answer.code(), FlightRecord.DecidedBy.ANSWER, waiting.start,
                        answer.describe(endpoint));
    }

    /// As the original: no `Retry-After`, and a limit of zero is a limit.
    private Step deniedForAWhile(
            Exchange exchange, int status, @Nullable String code, FlightRecord.DecidedBy how, long start, String evidence) {
        FlightRecord record = exchange.record();
        record.decision(FlightRecord.Outcome.DENIED);
        record.decidedBy(how);
        record.limitMax(-1);
        exchange.facilities().metrics().meter(MeterDecision.DENIED);
        timed(exchange, start);
        exchange.meterOptions().outageIsAuthFailed(true);
        return exchange.refuse(Failures.ofRefusal(status, code, mode, tokenKnown), evidence);
    }

    // ---- counting

    @Override
    public void over(Exchange exchange) {
        MeterOptions options = exchange.meterOptions();
        String key = options.owedKey();
        if (key == null) {
            return;
        }
        MeterLoop loop = meter.of(exchange.facilities());
        int sent = exchange.record().statusSent();
        int code = sent == 0 ? ABORTED : sent;
        switch (options.owed()) {
            case NOTHING -> {}
            case AUTHREP -> {
                Caching asked = options.caching();
                loop.lane(endpoint)
                        .authrep(this, key, asked != null ? asked : meter.settings().caching(), meter.settings().responseCodes() ? code : 0);
            }
            case REPORT -> loop.lane(endpoint).report(this, key, code);
            case STATUS -> {
                Spool spool = meter.spool();
                if (spool == null
                        || !spool.of(exchange.loop()).status(spoolTarget, key, exchange.record().receivedMillis() / 1000, code)) {
                    loop.metrics().codeLost();
                }
            }
        }
    }

    void sendAuthrep(MeterLoop loop, String key, int code, MeterCall.Then then) {
        loop.take().ask(endpoint, BackendCall.AUTHREP, noBody, target(authrep, key, code), then);
    }

    void sendReport(MeterLoop loop, String key, int code, MeterCall.Then then) {
        loop.take().report(endpoint, report, ReportForm.ofKey(key, code), null, then);
    }

    // ---- what is sent

    private String key(Exchange exchange, MeterLoop loop, @Nullable String referrer, long times) {
        StringBuilder text = loop.text().append(keyStart);
        Credentials credentials = exchange.credentials();
        String userKey = credentials.userKey();
        String appId = credentials.appId();
        String appKey = credentials.appKey();
        if (userKey != null) {
            QueryText.append(userKey, text.append("&user_key="));
        }
        if (appId != null) {
            QueryText.append(appId, text.append("&app_id="));
        }
        if (appKey != null) {
            QueryText.append(appKey, text.append("&app_key="));
        }
        appendUsage(exchange.usage(), loop, times, text);
        if (referrer != null) {
            QueryText.append(referrer, text.append("&referrer="));
        }
        return text.toString();
    }

    /// In the order of the metrics' names, so that the same use is the same key.
    private void appendUsage(RequestUsage used, MeterLoop loop, long times, StringBuilder text) {
        int size = used.size();
        if (size == 1) {
            text.append(usage[used.slot(0)]).append(used.amount(0) * times);
            return;
        }
        int[] order = loop.order(size);
        for (int i = 0; i < size; i++) {
            int at = i;
            while (at > 0 && rank[used.slot(order[at - 1])] > rank[used.slot(i)]) {
                order[at] = order[--at];
            }
            order[at] = i;
        }
        for (int i = 0; i < size; i++) {
            text.append(usage[used.slot(order[i])]).append(used.amount(order[i]) * times);
        }
    }

    private static String target(String start, String key, int code) {
        int at = key.indexOf('&');
        StringBuilder target = new StringBuilder(start.length() + key.length() - at + 20).append(start).append(key, at, key.length());
        if (code != 0) {
            target.append("&log%5Bcode%5D=").append(code);
        }
        return target.toString();
    }
}
