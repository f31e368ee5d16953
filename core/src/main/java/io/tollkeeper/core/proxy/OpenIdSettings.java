package io.tollkeeper.core.proxy;

import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/// How a product's callers prove who they are with tokens of an OpenID provider (gateway specification, section 10).
///
/// @param issuerEndpoint where to discover the provider, may embed `client_id:client_secret@`; null: nowhere
/// @param clientIdClaim  claim that holds the application's id
/// @param claimIsLiquid  whether `clientIdClaim` is a template instead of a name
/// @param provider       what the document says of the provider; null: to be discovered
public record OpenIdSettings(
        @Nullable String issuerEndpoint, String clientIdClaim, boolean claimIsLiquid, @Nullable Provider provider) {

    /// The claim that holds the application's id unless the product names another.
    public static final String USUAL_CLAIM = "azp";

    /// What is known of an OpenID provider.
    ///
    /// @param issuer     expected value of `iss`, exact
    /// @param algorithms accepted values of `alg`
    /// @param keys       by `kid`: members of the JWK, and `pem`
    public record Provider(String issuer, List<String> algorithms, Map<String, Map<String, Object>> keys) {

        public Provider {
            algorithms = List.copyOf(algorithms);
            keys = Map.copyOf(keys);
        }
    }

    @Override
    public String toString() {
        return "OpenIdSettings[claim " + clientIdClaim + "]"; // the endpoint may hold a password
    }
}
