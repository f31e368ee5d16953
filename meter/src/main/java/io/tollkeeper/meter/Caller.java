package io.tollkeeper.meter;

import io.tollkeeper.core.catalog.CallerAccess;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.flight.Redaction;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Blank;
import io.tollkeeper.meter.params.ParamName;
import io.tollkeeper.meter.params.Params;
import org.jspecify.annotations.Nullable;

/// Who speaks for a product: the credentials of the caller of the meter, as sent; blank ones are absent (specification,
/// sections 4.4 and 5). Immutable.
record Caller(@Nullable String providerKey, @Nullable String token, @Nullable String serviceId, boolean emptyProviderKey) {

    private static final ParamName PROVIDER_KEY = ParamName.of("provider_key");
    private static final ParamName SERVICE_TOKEN = ParamName.of("service_token");
    private static final ParamName SERVICE_ID = ParamName.of("service_id");

    static Caller of(Params params) {
        String sent = params.text(PROVIDER_KEY);
        String providerKey = Blank.toNull(sent);
        return new Caller(
                providerKey,
                Blank.toNull(params.text(SERVICE_TOKEN)),
                Blank.toNull(params.text(SERVICE_ID)),
                sent != null && providerKey == null);
    }

    /// Whether the credentials are there and can belong to somebody; none if so.
    CallerAccess.@Nullable Refused preflight(Catalog.Snapshot catalog) {
        return catalog.preflight(providerKey, token, serviceId);
    }

    /// The same for reports, where an empty provider key is a wrong one, even beside a good token (specification, 5.2).
    CallerAccess.@Nullable Refused preflightOfReport(Catalog.Snapshot catalog) {
        CallerAccess.Refused refused = preflight(catalog);
        return refused != null || !emptyProviderKey
                ? refused
                : new CallerAccess.Refused(
                        Reason.SERVICE_TOKEN_INVALID,
                        "service token \"" + token + "\" or service id \"" + serviceId + "\" is invalid");
    }

    /// The provider key that they name, be it right or not: that sent, else that of the product whose token was sent.
    @Nullable String speaksFor(Catalog.Snapshot catalog) {
        if (providerKey != null) {
            return Identifier.normal(providerKey);
        }
        Product product = serviceId == null ? null : catalog.product(serviceId);
        return product == null ? null : product.settings().providerKey();
    }

    /// The product they are good for, or why they are not.
    CallerAccess access(Catalog.Snapshot catalog) {
        return catalog.access(providerKey, token, serviceId);
    }

    /// Under which name the credential came that counts; none if none came.
    @Nullable String credentialName() {
        return providerKey != null ? "provider_key" : token != null ? "service_token" : null;
    }

    /// The credential that counts: a secret.
    @Nullable String credential() {
        return providerKey != null ? providerKey : token;
    }

    /// What was sent, for operators: secrets shortened, which the message to the caller does not do.
    String evidence() {
        StringBuilder text = new StringBuilder(96).append("sent:");
        if (providerKey != null) {
            text.append(" provider_key=").append(Redaction.shortened(providerKey));
        }
        if (token != null) {
            text.append(" service_token=").append(Redaction.shortened(token));
        }
        if (serviceId != null) {
            text.append(" service_id=").append(serviceId);
        }
        return providerKey == null && token == null && serviceId == null ? "sent: no credentials" : text.toString();
    }
}
