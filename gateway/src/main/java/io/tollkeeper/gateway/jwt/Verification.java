package io.tollkeeper.gateway.jwt;

import io.tollkeeper.core.reason.Reason;

/// What became of a token.
sealed interface Verification {

    /// Good, now and for this product.
    ///
    /// @param clientId the application it stands for
    record Good(Token token, String clientId) implements Verification {}

    /// Not good.
    record Bad(Reason reason, String evidence) implements Verification {}

    /// Its key is none of those we know: perhaps a new one.
    record UnknownKey(String evidence) implements Verification {}
}
