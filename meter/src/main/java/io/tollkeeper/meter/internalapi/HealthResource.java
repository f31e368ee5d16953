package io.tollkeeper.meter.internalapi;

import org.jspecify.annotations.Nullable;

/// `GET /check.json`, `GET /status`.
final class HealthResource implements InternalApi.Resource {

    private final String compatibleWith;

    HealthResource(String compatibleWith) {
        this.compatibleWith = compatibleWith;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("GET", "check.json")) {
            return InternalAnswer.word(200, "ok");
        }
        return route.is("GET", "status") ? InternalAnswer.version(compatibleWith) : null;
    }
}
