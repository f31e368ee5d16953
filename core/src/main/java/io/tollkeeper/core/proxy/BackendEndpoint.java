package io.tollkeeper.core.proxy;

import org.jspecify.annotations.Nullable;

/// Where a product's Service Management API is (gateway specification, section 2.5).
///
/// @param url  its base URL; a path in it is a prefix
/// @param host value of `Host`, null: the host of the URL
public record BackendEndpoint(String url, @Nullable String host) {}
