package io.tollkeeper.app.portal;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Gatherers;

import io.tollkeeper.app.declaration.DocumentText;
import io.tollkeeper.app.portal.PortalAnswer.Failed;
import io.tollkeeper.app.portal.PortalAnswer.Pages;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.Finding.Severity;
import io.tollkeeper.http.fetch.FetchRequest;
import io.tollkeeper.http.fetch.FetchUrl;
import io.tollkeeper.http.fetch.Fetched;
import io.tollkeeper.http.fetch.Fetcher;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Asks a portal for configurations, in every form of the gateway specification's section 2.2. Any thread that may
/// block; holds no state.
///
/// | case | requests |
/// |---|---|
/// | no path in the endpoint | `/admin/api/account/proxy_configs/<env>.json`, page by page |
/// | a path | `<path>/<env>.json` |
/// | a pinned version | the ids (unless listed), then `/admin/api/services/<id>/proxy/configs/<env>/<version>.json` each |
/// | not 200 | once more the way of old portals: `/admin/api/nginx/spec.json`, or the path itself |
final class PortalClient {

    private static final int PAGE = 500;
    /// A portal that never sends a short page is not asked for ever.
    private static final int MOST_PAGES = 2000;
    private static final int LARGEST = 128 << 20;
    /// Pinned services are asked for so many at a time.
    private static final int AT_ONCE = 8;
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Fetcher fetcher;
    private final PortalSettings settings;

    PortalClient(Fetcher fetcher, PortalSettings settings) {
        this.fetcher = fetcher;
        this.settings = settings;
    }

    /// The configurations of one host, or all. Blocks.
    PortalAnswer load(@Nullable String host) {
        var answer = ask(host);
        if (!(answer instanceof Failed failed) || !failed.wrong().key().equals(STATUS)) {
            return answer;
        }
        // If that fails too, it is told in the words of the first try: a portal of today has no second road.
        var path = settings.path();
        return fetch(path.isEmpty() ? "/admin/api/nginx/spec.json" : path) instanceof Got(var page, var tree) && tree.has("services")
                ? new Pages(List.of(page), List.of()) : answer;
    }

    private PortalAnswer ask(@Nullable String host) {
        var path = settings.path();
        if (!settings.versions().isEmpty()) {
            return path.isEmpty() ? pinned() : new Failed(error("", "has a path, and versions are pinned (gateway.portal.versions,"
                    + " APICAST_SERVICE_<id>_CONFIGURATION_VERSION): such a portal cannot be asked for versions (remove the path or the versions)"));
        }
        if (path.isEmpty()) {
            return pages("/admin/api/account/proxy_configs/" + encoded(settings.environment()) + ".json?version=latest&", "proxy_configs", host);
        }
        var target = path + "/" + encoded(settings.environment()) + ".json" + (host == null ? "" : "?host=" + encoded(host));
        return switch (fetch(target)) {
            case Got(var page, _) -> new Pages(List.of(page), List.of());
            case NotGot(var failed) -> failed;
        };
    }

    private PortalAnswer pages(String target, String list, @Nullable String host) {
        var pages = new ArrayList<DocumentText>();
        for (int number = 1; number <= MOST_PAGES; number++) {
            var asked = target + "page=" + number + "&per_page=" + PAGE + (host == null ? "" : "&host=" + encoded(host));
            switch (fetch(asked)) {
                case NotGot(var failed) -> {
                    return failed;
                }
                case Got(var page, var tree) -> {
                    if (!tree.path(list).isArray()) {
                        return new Failed(error(page.source(), "answered JSON without " + list + " (is this the URL of a 3scale admin portal?)"));
                    }
                    pages.add(page);
                    if (tree.path(list).size() < PAGE) {
                        return new Pages(pages, List.of());
                    }
                }
            }
        }
        return new Failed(error("", "sends page after page of " + PAGE + ": given up after " + MOST_PAGES));
    }

    private PortalAnswer pinned() {
        var ids = new ArrayList<>(settings.services());
        if (ids.isEmpty()) {
            switch (pages("/admin/api/services.json?", "services", null)) {
                case Failed failed -> {
                    return failed;
                }
                case Pages(var pages, _) -> pages.forEach(page -> JSON.readTree(page.json()).path("services")
                        .forEach(element -> ids.add(element.path("service").path("id").asString())));
            }
        }
        var pages = new ArrayList<DocumentText>();
        var doubts = new ArrayList<Finding>();
        for (var one : ids.stream().gather(Gatherers.mapConcurrent(AT_ONCE, this::version)).toList()) {
            switch (one) {
                case Got(var page, _) -> pages.add(page);
                case NotGot(var failed) when failed.wrong().key().equals(STATUS) -> doubts.add(new Finding(
                        Severity.WARNING, failed.wrong().file(), 0, 0, "", failed.wrong().message() + ": this product is left out", null));
                case NotGot(var failed) -> {
                    return failed;
                }
            }
        }
        return new Pages(pages, doubts);
    }

    private Answer version(String id) {
        return fetch("/admin/api/services/" + encoded(id) + "/proxy/configs/" + encoded(settings.environment()) + "/"
                + encoded(settings.versions().getOrDefault(id, "latest")) + ".json");
    }

    // ---- one request

    /// Marks findings about an answer that came, but not with 200.
    private static final String STATUS = "status";

    private sealed interface Answer {}

    private record Got(DocumentText page, JsonNode tree) implements Answer {}

    private record NotGot(Failed failed) implements Answer {}

    private Answer fetch(String target) {
        FetchUrl url = settings.endpoint().withTarget(target);
        var fetched = fetcher.fetch(FetchRequest.get(url).header("User-Agent", settings.userAgent()).header("Accept", "application/json")
                .atMost(LARGEST).within(settings.timeout()));
        return switch (fetched) {
            case Fetched.Failed(var reason, var evidence) -> new NotGot(new Failed(error(url.toString(), "cannot be asked: " + reason.code() + ", " + evidence
                    + " (" + reason.fix() + ")")));
            case Fetched.Answer answer when answer.status() != 200 -> new NotGot(new Failed(new Finding(
                    Severity.ERROR, url.toString(), 0, 0, STATUS, answer.status() + advice(answer.status()), null)));
            case Fetched.Answer answer -> read(url.toString(), answer.body());
        };
    }

    private static Answer read(String source, byte[] body) {
        try {
            var tree = JSON.readTree(body);
            return tree.isObject() ? new Got(new DocumentText(source, body), tree)
                    : new NotGot(new Failed(error(source, "answered JSON that is no object (is this the URL of a 3scale admin portal?)")));
        } catch (JacksonException e) {
            return new NotGot(new Failed(error(source, "answered 200, but not with JSON: "
                    + (e.getOriginalMessage() == null ? "unreadable" : e.getOriginalMessage().lines().findFirst().orElse("unreadable")))));
        }
    }

    private static String advice(int status) {
        return switch (status) {
            case 401, 403 -> " (the access token in the endpoint is wrong or lacks the scope \"Account Management API\")";
            case 404 -> " (the environment's name, a pinned version or the path of the endpoint does not exist there)";
            case 301, 302, 307, 308 -> " (redirects are not followed: write the URL that it points to, with https if it is https)";
            default -> status >= 500 ? " (the portal fails: look at its own log)" : " (expected: 200)";
        };
    }

    private static Finding error(String source, String message) {
        return new Finding(Severity.ERROR, source.isEmpty() ? "the portal's endpoint" : source, 0, 0, "", message, null);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
