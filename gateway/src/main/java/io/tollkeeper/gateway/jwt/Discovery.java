package io.tollkeeper.gateway.jwt;

import java.time.Duration;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.http.fetch.FetchRequest;
import io.tollkeeper.http.fetch.FetchUrl;
import io.tollkeeper.http.fetch.Fetched;
import io.tollkeeper.http.fetch.Fetcher;
import org.jspecify.annotations.Nullable;

/// Asks a provider who it is and for its keys: its discovery document, then its `jwks_uri` (gateway specification,
/// section 10.2). On virtual threads; blocks for at most twice [#PATIENCE].
final class Discovery {

    private static final String WELL_KNOWN = "/.well-known/openid-configuration";
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int LARGEST = 1 << 20;

    private final Fetcher fetcher;
    private final InstantSource clock;

    Discovery(Fetcher fetcher, InstantSource clock) {
        this.fetcher = fetcher;
        this.clock = clock;
    }

    /// A provider, or the reason why there is none.
    sealed interface Found {
        /// @param doubts what is usable but probably not as meant
        record Good(Provider provider, List<String> doubts) implements Found {}

        record Bad(String error) implements Found {}
    }

    Found discover(FetchUrl endpoint) {
        String path = endpoint.path();
        FetchUrl url = endpoint.withTarget((path.endsWith("/") ? path.substring(0, path.length() - 1) : path) + WELL_KNOWN);
        return switch (fetch(url, Set.of("application/json"))) {
            case Document.Bad(String error) -> new Found.Bad(error);
            case Document.Good document -> {
                Map<String, Object> members = Json.object(document.answer().body());
                yield members == null
                        ? new Found.Bad(url + " answered something that is not a JSON object")
                        : keys(url, endpoint, members, document.ahead());
            }
        };
    }

    private Found keys(FetchUrl url, FetchUrl endpoint, Map<String, Object> members, long ahead) {
        String issuer = Json.text(members, "issuer");
        String address = Json.text(members, "jwks_uri");
        FetchUrl jwks = address == null ? null : FetchUrl.parse(address);
        if (issuer == null || jwks == null) {
            return new Found.Bad(url + " names no " + (issuer == null ? "issuer" : "jwks_uri that is an http URL"));
        }
        Object named = members.get("id_token_signing_alg_values_supported");
        Set<Algorithm> algorithms = named instanceof List<?> list ? Provider.algorithms(list) : Set.of();
        if (algorithms.isEmpty()) {
            return new Found.Bad(url + " lists no algorithm that we know in id_token_signing_alg_values_supported");
        }
        return switch (fetch(jwks, Set.of("application/json", "application/jwk-set+json"))) {
            case Document.Bad(String error) -> new Found.Bad(error);
            case Document.Good document -> {
                KeySet keys = KeySet.ofPublished(document.answer().body());
                yield keys == null
                        ? new Found.Bad(jwks + " answered something that is not a JSON object with keys")
                        : new Found.Good(new Provider(issuer, algorithms, keys, ahead), doubts(endpoint, issuer, keys));
            }
        };
    }

    private static List<String> doubts(FetchUrl endpoint, String issuer, KeySet keys) {
        String asked = endpoint.toString();
        String problem = keys.problems().isEmpty() ? null : keys.problems().getFirst()
                + (keys.problems().size() > 1 ? " (and " + (keys.problems().size() - 1) + " more)" : "");
        String other = issuer.equals(asked) || (issuer + "/").equals(asked) || issuer.equals(asked + "/")
                ? null : "it calls itself " + KeySet.shortened(issuer) + ": tokens must say so too";
        return problem == null ? other == null ? List.of() : List.of(other) : other == null ? List.of(problem) : List.of(other, problem);
    }

    /// An answer that may be read, or the reason why not.
    private sealed interface Document {
        record Good(Fetched.Answer answer, long ahead) implements Document {}

        record Bad(String error) implements Document {}
    }

    private Document fetch(FetchUrl url, Set<String> types) {
        long before = clock.millis();
        return switch (fetcher.fetch(FetchRequest.get(url).within(PATIENCE).atMost(LARGEST))) {
            case Fetched.Failed failed -> new Document.Bad(url + ": " + failed);
            case Fetched.Answer answer when answer.status() != 200 ->
                    new Document.Bad(url + " answered status " + answer.status() + " (expected: 200)");
            case Fetched.Answer answer when types.stream().noneMatch(answer::isOfType) ->
                    new Document.Bad(url + " answered Content-Type " + answer.header("Content-Type") + " (expected: application/json)");
            case Fetched.Answer answer -> new Document.Good(answer, ahead(answer.header("Date"), before, clock.millis()));
        };
    }

    /// How far the other clock is ahead. `Date` has whole seconds and was written at some time between `before` and `after`.
    private static long ahead(@Nullable String date, long before, long after) {
        if (date == null) {
            return Provider.UNKNOWN_CLOCK;
        }
        try {
            long theirs = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant().toEpochMilli();
            long earliest = theirs - after;
            long latest = theirs + 999 - before;
            return earliest > 0 ? earliest : Math.min(latest, 0);
        } catch (DateTimeParseException _) {
            return Provider.UNKNOWN_CLOCK; // a date that nobody can read says nothing
        }
    }
}
