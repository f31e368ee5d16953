package io.tollkeeper.gateway.jwt;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.proxy.OpenIdSettings;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.http.fetch.FetchUrl;
import io.tollkeeper.http.fetch.Fetcher;
import io.tollkeeper.http.metrics.PrometheusText;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The OpenID providers of all products, and the tokens that were checked. One per gateway; any thread. A virtual thread
/// looks every second which provider is to be asked anew; nothing else waits for one but the calls that need it.
public final class Issuers implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Issuers.class);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    private final Discovery discovery;
    private final JwtSettings settings;
    private final InstantSource clock;
    private final TokenCache cache = new TokenCache();
    private final ConcurrentMap<FetchUrl, Issuer> issuers = new ConcurrentHashMap<>();
    private volatile Set<Issuer> inForce = Set.of();
    private final Thread looking;

    /// What is known of a provider, for people.
    ///
    /// @param succeeded when its keys were fetched last, none if never
    /// @param error     of the last attempt, empty if it was good
    public record Report(String issuer, int keys, @Nullable Instant succeeded, String error, List<String> doubts) {}

    public Issuers(Fetcher fetcher, JwtSettings settings, InstantSource clock) {
        this.discovery = new Discovery(fetcher, clock);
        this.settings = settings;
        this.clock = clock;
        this.looking = Thread.ofVirtual().name("issuers").start(this::look);
    }

    /// How tokens of a product's callers are checked; none for products that have no tokens. Asks nobody yet.
    ///
    /// @param findings told what is wrong with it
    public @Nullable OpenId of(ProxyConfig config, Complaints findings) {
        if (config.mode() != AuthenticationMode.OAUTH) {
            return null;
        }
        OpenIdSettings openId = config.openId();
        if (openId == null) {
            return new OpenId(null, null, verifier(OpenIdSettings.USUAL_CLAIM), clock);
        }
        if (openId.claimIsLiquid()) {
            findings.error("jwt_claim_with_client_id_type", "liquid: templates are not evaluated by this version (expected: plain)");
        }
        TokenVerifier verifier = verifier(openId.clientIdClaim());
        OpenIdSettings.Provider given = openId.provider();
        if (given != null) {
            Provider provider = new Provider(
                    given.issuer(), Provider.algorithms(given.algorithms()), KeySet.ofDocument(given.keys()), Provider.UNKNOWN_CLOCK);
            provider.keys().problems().forEach(problem -> findings.warning("oidc.keys", problem));
            if (provider.algorithms().isEmpty()) {
                findings.warning("oidc.config", "none of the algorithms " + given.algorithms() + " is known: every token will be refused");
            }
            return new OpenId(provider, null, verifier, clock);
        }
        String endpoint = openId.issuerEndpoint();
        FetchUrl url = endpoint == null ? null : FetchUrl.parse(endpoint);
        if (url == null) {
            findings.warning("oidc_issuer_endpoint", (endpoint == null ? "is missing" : "is no http URL") + ": every token will be refused");
            return new OpenId(null, null, verifier, clock);
        }
        Issuer issuer = issuers.computeIfAbsent(url, key -> new Issuer(key, discovery, clock, settings.refresh().toMillis()));
        return new OpenId(null, issuer, verifier, clock);
    }

    /// Where mistakes of a product go.
    public interface Complaints {
        void error(String key, String message);

        void warning(String key, String message);
    }

    private TokenVerifier verifier(String claim) {
        return new TokenVerifier(cache, claim, settings.leeway().toMillis());
    }

    /// These products are served now: their providers are asked, at once and from time to time, the others forgotten.
    public void serve(Collection<OpenId> products) {
        Set<Issuer> used = new HashSet<>();
        for (OpenId product : products) {
            if (product.issuer() != null) {
                used.add(product.issuer());
            }
        }
        issuers.values().retainAll(used);
        inForce = Set.copyOf(used);
        used.forEach(issuer -> issuer.askIfDue(clock.millis()));
    }

    private void look() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.sleep(LOOK_EVERY);
                long now = clock.millis();
                for (Issuer issuer : inForce) {
                    issuer.askIfDue(now);
                }
            }
        } catch (InterruptedException _) {
            LOG.debug("providers are not asked any more");
        }
    }

    /// The providers of the products that are served.
    public List<Report> report() {
        List<Report> reports = new ArrayList<>();
        for (Issuer issuer : inForce) {
            Issuer.State state = issuer.state();
            Provider provider = state.provider();
            reports.add(new Report(
                    issuer.toString(),
                    provider == null ? 0 : provider.keys().size(),
                    state.succeeded() == 0 ? null : Instant.ofEpochMilli(state.succeeded()),
                    state.asked() == 0 ? "it is being asked for the first time" : state.error(),
                    state.doubts()));
        }
        reports.sort((a, b) -> a.issuer().compareTo(b.issuer()));
        return reports;
    }

    /// Appends what is counted about tokens in Prometheus' text format.
    public void metrics(PrometheusText out) {
        out.counter("tollkeeper_jwt_cache_hits_total", "Tokens whose signature had been checked before.", cache.hits());
        out.counter("tollkeeper_jwt_cache_misses_total", "Tokens whose signature had to be checked.", cache.misses());
        out.gauge("tollkeeper_jwt_cache_tokens", "Tokens remembered.", cache.size());
        List<Report> reports = report();
        out.gauge("tollkeeper_openid_providers", "Providers whose tokens are accepted.", reports.size());
        out.gauge("tollkeeper_openid_providers_failing", "Providers whose last answer could not be used.",
                reports.stream().filter(report -> !report.error().isEmpty()).count());
        out.gauge("tollkeeper_openid_providers_without_keys", "Providers none of whose tokens can be checked.",
                reports.stream().filter(report -> report.keys() == 0).count());
    }

    @Override
    public void close() {
        looking.interrupt();
    }
}
