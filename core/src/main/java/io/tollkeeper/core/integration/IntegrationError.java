package io.tollkeeper.core.integration;

/// One mistake of an authenticated caller of the meter, kept for the owner of the product. Immutable.
///
/// @param second  when it was answered, epoch second
/// @param code    3scale's, e.g. `application_not_found`
/// @param message 3scale's
/// @param context a JSON object: how the call looked, without its secrets
public record IntegrationError(String productId, long second, String code, String message, String context) {

    /// About the memory it takes.
    public long weight() {
        return 200L + message.length() + context.length();
    }
}
