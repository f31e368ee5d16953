package io.tollkeeper.gateway.trace;

import java.time.Duration;

import io.tollkeeper.http.fetch.FetchUrl;
import org.jspecify.annotations.Nullable;

/// Where traces go, and of how many calls. Immutable.
///
/// @param endpoint      of the collector: OTLP over HTTP, e.g. `http://collector:4318/v1/traces`
/// @param authorization value of the `Authorization` header the collector wants, none if it wants none; secret
/// @param serviceName   `service.name` of the resource
/// @param ratio         part of the calls that are traced, 0 to 1
/// @param parentBased   whether a caller's own decision (`traceparent`) counts before the ratio
/// @param queue         traced calls that may wait to be sent; more are dropped and counted
/// @param batch         spans sent together
/// @param delay         how long a span waits for others at most
public record TraceSettings(
        FetchUrl endpoint,
        @Nullable String authorization,
        String serviceName,
        double ratio,
        boolean parentBased,
        int queue,
        int batch,
        Duration delay) {

    @Override
    public String toString() {
        return "TraceSettings[" + endpoint + "]"; // the authorization is secret
    }
}
