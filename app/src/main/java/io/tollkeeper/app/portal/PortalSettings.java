package io.tollkeeper.app.portal;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.tollkeeper.http.fetch.FetchUrl;
import org.jspecify.annotations.Nullable;

/// Which configurations a portal is asked for, and how. Immutable.
///
/// @param endpoint    may hold credentials
/// @param environment whose configurations: `production`, `sandbox`, …
/// @param services    ids that a setting lists; empty for all
/// @param versions    by id of a service: the version that was pinned; all others have their latest
/// @param timeout     for one request
/// @param userAgent   sent with every request
public record PortalSettings(FetchUrl endpoint, String environment, List<String> services, Map<String, String> versions, Duration timeout, String userAgent) {

    public PortalSettings {
        services = List.copyOf(services);
        versions = Map.copyOf(versions);
    }

    /// Versions by id of a service, as `id=version,id=version` writes them.
    public static Map<String, String> pinned(@Nullable String written) {
        var pinned = new TreeMap<String, String>();
        for (var part : written == null ? new String[0] : written.split(",", -1)) {
            int equals = part.indexOf('=');
            if (equals > 0 && equals < part.length() - 1) {
                pinned.put(part.substring(0, equals), part.substring(equals + 1));
            }
        }
        return pinned;
    }

    /// The path that was written behind the host, empty for none.
    String path() {
        var path = endpoint.path();
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    @Override public String toString() {
        return endpoint + " (" + environment + ")";
    }
}
