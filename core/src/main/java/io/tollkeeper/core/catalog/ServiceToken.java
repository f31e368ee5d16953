package io.tollkeeper.core.catalog;

/// Grants whoever holds `token` access to one product.
public record ServiceToken(String token, String productId) {}
