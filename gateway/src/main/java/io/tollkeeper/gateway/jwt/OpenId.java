package io.tollkeeper.gateway.jwt;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Parking;
import io.tollkeeper.gateway.exchange.Step;
import org.jspecify.annotations.Nullable;

/// Finds out which application a token stands for, for one product (gateway specification, section 6.1 step 5 and
/// section 10). Immutable; on event loops, never blocks: a call that needs keys which have to be fetched waits parked.
public final class OpenId {

    /// Longest wait for a provider's keys.
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);

    private final @Nullable Provider given;
    private final @Nullable Issuer issuer;
    private final TokenVerifier verifier;
    private final InstantSource clock;

    /// @param given  what the configuration says of the provider; its keys are all there are
    /// @param issuer who is asked otherwise; with neither no token is good
    OpenId(@Nullable Provider given, @Nullable Issuer issuer, TokenVerifier verifier, InstantSource clock) {
        this.given = given;
        this.issuer = issuer;
        this.verifier = verifier;
        this.clock = clock;
    }

    @Nullable Issuer issuer() {
        return issuer;
    }

    /// Checks the token that the exchange carries; if it is good, the exchange's credentials name its application.
    public Step identify(Exchange exchange) {
        return identify(exchange, true);
    }

    /// @param mayAsk whether the provider may be asked and the exchange wait for that: once
    private Step identify(Exchange exchange, boolean mayAsk) {
        String token = exchange.credentials().accessToken();
        if (token == null) {
            return exchange.refuse(Reason.NO_CREDENTIALS, "there is no access token");
        }
        Provider provider = provider();
        if (provider == null) {
            return unknownProvider(exchange, mayAsk);
        }
        return switch (verifier.verify(token, provider, exchange.record().receivedMillis())) {
            case Verification.Good(Token good, String client) -> {
                exchange.credentials().provedToBe(client);
                exchange.claims(good.claims());
                exchange.record().credential(client);
                yield Step.NEXT;
            }
            case Verification.Bad(Reason reason, String evidence) -> exchange.refuse(reason, evidence);
            case Verification.UnknownKey(String evidence) -> unknownKey(exchange, evidence, mayAsk);
        };
    }

    private @Nullable Provider provider() {
        return given != null ? given : issuer == null ? null : issuer.state().provider();
    }

    private Step unknownProvider(Exchange exchange, boolean mayAsk) {
        Issuer known = issuer;
        if (known == null) {
            return exchange.refuse(Reason.ISSUER_MISSING, "product " + exchange.service().id()
                    + " takes tokens, but its configuration names no provider that could be asked");
        }
        // What failed is asked again in the background; only the very first answer is worth waiting for.
        if (mayAsk && known.state().asked() == 0 && await(exchange, known)) {
            return Step.WAIT;
        }
        return exchange.refuse(Reason.ISSUER_UNREACHABLE, failure(known.state()));
    }

    private Step unknownKey(Exchange exchange, String evidence, boolean mayAsk) {
        Issuer known = issuer;
        if (known == null) {
            return exchange.refuse(Reason.TOKEN_KEY_UNKNOWN, evidence);
        }
        if (mayAsk && await(exchange, known)) {
            return Step.WAIT;
        }
        Issuer.State state = known.state();
        return exchange.refuse(Reason.TOKEN_KEY_UNKNOWN, evidence + "; " + (state.error().isEmpty()
                ? "keys fetched " + seconds(clock.millis() - state.succeeded()) + " ago"
                : "keys are of " + Instant.ofEpochMilli(state.succeeded()) + ", " + failure(state)));
    }

    private boolean await(Exchange exchange, Issuer asked) {
        Parking place = exchange.park(PATIENCE, Reason.ISSUER_UNREACHABLE);
        if (asked.ask(() -> exchange.loop().execute(() -> place.resumeWith(() -> identify(exchange, false))))) {
            return true;
        }
        place.abandon();
        return false;
    }

    private String failure(Issuer.State state) {
        return state.error().isEmpty()
                ? "the provider was never asked"
                : "the provider could not be asked " + seconds(clock.millis() - state.asked()) + " ago: " + state.error();
    }

    private static String seconds(long millis) {
        return Math.max(0, millis / 1000) + " s";
    }
}
