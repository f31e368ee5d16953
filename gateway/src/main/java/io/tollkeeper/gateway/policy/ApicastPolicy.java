package io.tollkeeper.gateway.policy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.credentials.CredentialsReader;
import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Parking;
import io.tollkeeper.gateway.exchange.RequestUsage;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.gateway.jwt.OpenId;
import io.tollkeeper.gateway.meter.Meter;
import io.tollkeeper.gateway.rules.MappingRules;
import io.tollkeeper.gateway.rules.RuleScratch;
import io.tollkeeper.gateway.rules.RuleTrace;
import io.tollkeeper.gateway.upstream.Forwarder;
import io.tollkeeper.gateway.upstream.UpstreamTarget;
import io.tollkeeper.http.Body;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Request;
import org.jspecify.annotations.Nullable;

/// The policy that every product has: credentials, mapping rules, meter, upstream (gateway specification, section 6.1).
///
/// | phase | step | refused with |
/// |---|---|---|
/// | rewrite | a product with native OAuth | `A-OAUTH-NATIVE` |
/// | rewrite | read a form body if something in it could matter | |
/// | rewrite | find credentials | `A-NO-CREDENTIALS`: before the rules, so no key and no rule is 401 |
/// | rewrite | match mapping rules, sum up usage | |
/// | rewrite | find out whom a token stands for | `A-JWT-…`, `A-IDP-…` |
/// | access | nothing is used | `R-NO-MAPPING-RULE` |
/// | access | ask the meter, which counts | `A-…`, `L-…` |
/// | content | pass the request on | `R-NO-UPSTREAM`, `U-…`, `D-…` |
/// | log | tell the meter what became of a call that it let in | |
final class ApicastPolicy implements Policy {

    private static final int LONGEST_FORM = 64 * 1024;
    private static final String FORM = "application/x-www-form-urlencoded";

    private final CredentialsReader credentials;
    private final MappingRules rules;
    private final @Nullable OpenId openId;
    private final Meter.Account account;
    private final Forwarder forwarder;
    private final @Nullable UpstreamTarget target;
    private final boolean nativeOauth;

    ApicastPolicy(ProductParts parts) {
        credentials = parts.credentials();
        rules = parts.rules();
        openId = parts.openId();
        account = parts.account();
        forwarder = parts.forwarder();
        target = parts.target();
        nativeOauth = parts.config().mode() == AuthenticationMode.OAUTH && parts.config().openId() == null;
    }

    @Override
    public Set<Phase> phases() {
        return EnumSet.of(Phase.REWRITE, Phase.ACCESS, Phase.CONTENT, Phase.LOG);
    }

    // ---- rewrite

    @Override
    public Step rewrite(Exchange exchange) {
        Request request = exchange.request();
        if (target != null && target.refuses(request.path(), exchange.path())) {
            return exchange.refuse(Reason.MALFORMED, "upstream.path is refuse-ambiguous: the path was sent as "
                    + request.path() + ", its normal form is " + exchange.path());
        }
        if (nativeOauth) {
            return exchange.refuse(Reason.OAUTH_NATIVE, "backend_version is oauth, authentication_method is not oidc");
        }
        if (mayHaveForm(request) && (credentials.mayNeedForm(request) || rules.hasConditions(request.method()))) {
            return readForm(exchange);
        }
        return identifyAndMatch(exchange);
    }

    /// On every version: the original does not look at bodies on HTTP/2, where such callers got 401 for no reason.
    private static boolean mayHaveForm(Request request) {
        return !request.body().isEmpty()
                && switch (request.method()) {
                    case "POST", "PUT", "PATCH" -> isForm(request.headers());
                    default -> false;
                };
    }

    private static boolean isForm(Headers headers) {
        int at = headers.find(HeaderName.CONTENT_TYPE, 0);
        if (at < 0) {
            return false;
        }
        String type = headers.value(at);
        for (int i = 0; i + FORM.length() <= type.length(); i++) {
            if (type.regionMatches(true, i, FORM, 0, FORM.length())) {
                return true;
            }
        }
        return false;
    }

    private Step readForm(Exchange exchange) {
        Parking place = exchange.park(0, Reason.BODY_IDLE);
        exchange.request().body().peek(LONGEST_FORM, new Body.Peeked() {
            @Override
            public void peeked(ByteBuffer bytes, boolean complete) {
                place.resumeWith(() -> {
                    if (complete) {
                        exchange.form(Exchange.Form.READ, StandardCharsets.ISO_8859_1.decode(bytes).toString());
                    } else {
                        exchange.form(Exchange.Form.TOO_LONG, null);
                    }
                    return identifyAndMatch(exchange);
                });
            }

            @Override
            public void failed(Reason reason, String evidence) {
                place.resumeWith(() -> exchange.refuse(reason, evidence));
            }
        });
        return Step.WAIT;
    }

    private Step identifyAndMatch(Exchange exchange) {
        Request request = exchange.request();
        FlightRecord record = exchange.record();
        if (!credentials.read(request, exchange.formText(), exchange.credentials())) {
            return exchange.refuse(Reason.NO_CREDENTIALS,
                    credentials.missing(request, exchange.formText(), formNote(exchange)));
        }
        record.credentialName(exchange.credentials().name());
        record.credential(exchange.credentials().identifier());
        record.stamp(Stage.CREDENTIALS, System.nanoTime());
        RuleScratch matched = exchange.facilities().scratch();
        rules.match(request.method(), exchange.path(), request.query(), exchange.formText(), matched);
        RequestUsage usage = exchange.usage();
        for (int i = 0; i < matched.size(); i++) {
            int rule = matched.rule(i);
            record.rule(rule);
            if (exchange.debug() != null) {
                exchange.debug().matched(rules.rule(rule).pattern());
            }
            usage.add(rules.metricSlot(rule), rules.rule(rule).delta());
        }
        usage.dropNonPositive();
        for (int i = 0; i < usage.size(); i++) {
            record.usage(exchange.service().metric(usage.slot(i)), usage.amount(i));
        }
        record.stamp(Stage.RULES, System.nanoTime());
        return openId == null ? Step.NEXT : openId.identify(exchange);
    }

    private static String formNote(Exchange exchange) {
        return exchange.form() == Exchange.Form.TOO_LONG
                ? "the form body is longer than " + LONGEST_FORM + " bytes and was not looked at"
                : "";
    }

    // ---- access

    @Override
    public Step access(Exchange exchange) {
        if (exchange.usage().size() == 0) {
            if (exchange.debug() != null) {
                Request request = exchange.request();
                exchange.debug().tried(RuleTrace.of(rules, request.method(), exchange.path(), request.query(), exchange.formText()));
            }
            return exchange.refuse(Reason.NO_MAPPING_RULE, noRule(exchange));
        }
        return account.authorize(exchange);
    }

    private String noRule(Exchange exchange) {
        int matched = exchange.record().rules();
        if (matched > 0) {
            return matched + (matched == 1 ? " rule matched, but its" : " rules matched, but their")
                    + " deltas add up to zero or less, so nothing would be counted";
        }
        Request request = exchange.request();
        String note = formNote(exchange);
        return rules.nearMiss(request.method(), exchange.path()) + (note.isEmpty() ? "" : "; " + note);
    }

    // ---- content

    @Override
    public Step content(Exchange exchange) {
        if (target == null) {
            return exchange.refuse(Reason.NO_UPSTREAM, "product " + exchange.service().id() + " has no api_backend");
        }
        return forwarder.forward(exchange, target);
    }

    // ---- log

    @Override
    public void log(Exchange exchange) {
        if (exchange.record().decision() == FlightRecord.Outcome.GRANTED) {
            account.over(exchange);
        }
    }
}
