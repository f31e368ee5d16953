package io.tollkeeper.compat.model;

import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

import io.tollkeeper.compat.model.House.App;
import io.tollkeeper.compat.model.House.Limit;
import io.tollkeeper.compat.model.House.Metric;
import io.tollkeeper.compat.model.House.Service;
import org.jspecify.annotations.Nullable;

/// The Service Management API from the text of the specification, sections 5 to 15, in its order and without a thought
/// for speed. Numbers beyond 64 bits and what it marks as defects are left out. Single-threaded.
final class ReferenceMeter {

    static final List<String> PERIODS = List.of("eternity", "year", "month", "week", "day", "hour", "minute");
    private static final List<String> OF_SERVICES = List.of("eternity", "month", "week", "day", "hour");
    private static final Set<String> EXACT_CODES = Set.of("200", "403", "404", "500", "503");
    private static final Pattern VALUE = Pattern.compile("\\s*#?[0-9]+\\s*");
    private static final DateTimeFormatter PRINTED = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);
    private static final String XML = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

    private final House house;
    private final Map<String, Long> counters = new HashMap<>();

    ReferenceMeter(House house) {
        this.house = house;
    }

    /// An error of section 12.
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;
        final int status;
        final String code;

        Refused(int status, String code, String message) {
            super(message, null, false, false);
            this.status = status;
            this.code = code;
        }

        String message() {
            return String.valueOf(getMessage());
        }
    }

    private record Amount(boolean set, long value) {}

    // ---- authorize, authrep (7.1) ----------------------------------------------------------------------------------

    Expected answer(Asked asked, Instant now) {
        boolean noBody = asked.options().contains("no_body");
        try {
            return answer(asked, now, noBody);
        } catch (Refused e) {
            return new Expected(e.status, Map.of(),
                    noBody ? "" : XML + "<error code=\"" + e.code + "\">" + escaped(e.message()) + "</error>");
        }
    }

    private Expected answer(Asked asked, Instant now, boolean noBody) {
        var caller = preflight(asked.value("provider_key"), asked.value("service_token"), asked.value("service_id"));
        if (asked.value("user_id") != null) {
            throw new Refused(400, "end_users_no_longer_supported",
                    "End-users are no longer supported, do not specify the user_id parameter");
        }
        if (asked.value("usage") != null) {
            return new Expected(403, Map.of(), "");
        }
        var service = caller != null ? caller : resolved(String.valueOf(asked.value("provider_key")), present(asked.value("service_id")));
        var app = application(asked, service);
        if (noBody) {
            for (var name : asked.usage().keySet()) {
                if (!service.metrics.containsKey(name)) {
                    throw new Refused(404, "metric_invalid", "metric \"" + name + "\" is invalid");
                }
            }
        }
        var denied = denied(asked, service, app);
        Map<String, Amount> direct = Map.of();
        if (denied == null) {
            direct = read(asked.usage(), service);
            if (!withinLimits(service, app, direct, asked, now)) {
                denied = new String[] {"limits_exceeded", "usage limits are exceeded"};
            }
        }
        boolean counts = denied == null && asked.isAuthrep() && !direct.isEmpty();
        var shown = shown(service, app, counts ? direct : Map.of(), now);
        var body = noBody ? "" : document(asked, service, app, denied, shown, now);
        var headers = headers(asked, service, denied, direct, shown, now);
        if (counts && !asked.usage().values().stream().allMatch("0"::equals)) { // usage of literal zeros leaves no trace
            count(service, app, propagated(direct, service, asked.options().contains("flat_usage")), asked.value("log[code]"), now);
        }
        return new Expected(denied == null ? 200 : 409, headers, body);
    }

    /// The service if a token says which; none if a provider key will have to.
    private @Nullable Service preflight(@Nullable String providerKey, @Nullable String token, @Nullable String serviceId) {
        if (present(providerKey) != null) {
            return null;
        }
        if (present(token) == null) {
            throw new Refused(403, "provider_key_or_service_token_required", "Provider key or service token are required");
        }
        if (present(serviceId) == null) {
            throw new Refused(422, "service_id_missing", "Service ID is missing");
        }
        var service = house.services.get(serviceId);
        if (service == null || !service.tokens.contains(token)) {
            throw new Refused(403, "service_token_invalid", "service token \"" + token + "\" or service id \"" + serviceId + "\" is invalid");
        }
        return service;
    }

    private Service resolved(String providerKey, @Nullable String serviceId) {
        if (serviceId == null) {
            var service = house.defaultOf(providerKey);
            if (service == null) {
                throw new Refused(403, "provider_key_invalid_or_service_missing",
                        "provider key \"" + providerKey + "\" invalid and/or service ID missing");
            }
            return service;
        }
        var service = house.services.get(serviceId);
        if (service == null || !service.providerKey.equals(providerKey) && house.defaultOf(providerKey) != null) {
            throw new Refused(403, "service_id_invalid", "service id \"" + serviceId + "\" is invalid");
        }
        if (!service.providerKey.equals(providerKey)) {
            throw new Refused(403, "provider_key_invalid", "provider key \"" + providerKey + "\" is invalid");
        }
        return service;
    }

    private static App application(Asked asked, Service service) {
        var appId = present(asked.value("app_id"));
        var userKey = present(asked.value("user_key"));
        if (asked.isOauth() && appId == null) {
            throw missingId();
        }
        if (appId != null && userKey != null) {
            throw both();
        }
        if (service.isUserKey()) {
            if (userKey == null) {
                throw new Refused(403, "user_key_invalid", "user key is missing");
            }
            var app = service.byUserKey(userKey);
            if (app == null) {
                throw new Refused(403, "user_key_invalid", "user key \"" + userKey + "\" is invalid");
            }
            return app;
        }
        return existing(service, appId);
    }

    private static App existing(Service service, @Nullable String appId) {
        if (appId == null) {
            throw missingId();
        }
        var app = service.apps.get(appId);
        if (app == null) {
            throw new Refused(404, "application_not_found", "application with id=\"" + appId + "\" was not found");
        }
        return app;
    }

    private static Refused missingId() {
        return new Refused(404, "application_not_found", "application id is missing");
    }

    private static Refused both() {
        return new Refused(403, "authentication_error", "either app_id or user_key is allowed, not both");
    }

    private static @Nullable String present(@Nullable String text) {
        return text == null || text.isBlank() ? null : text;
    }

    // ---- validators (8) --------------------------------------------------------------------------------------------

    /// Code and text of the first validator that fails, but for the limits; none if all pass.
    private static String @Nullable [] denied(Asked asked, Service service, App app) {
        var key = asked.value("app_key") == null ? null : asked.value("app_key").strip();
        if (asked.isOauth() && !service.isOauth()) {
            return new String[] {"oauth_not_enabled", "oauth is not enabled"};
        }
        boolean keyFits = asked.isOauth() || service.isOauth()
                ? key == null || !key.isEmpty() && app.keys().contains(key)
                : service.isUserKey() || app.keys().isEmpty() || key != null && app.keys().contains(key);
        if (!keyFits) {
            return new String[] {"application_key_invalid", key == null || key.isEmpty()
                    ? "application key is missing" : "application key \"" + key + "\" is invalid"};
        }
        if (asked.isOauth()) {
            var url = asked.value("redirect_url");
            var uri = asked.value("redirect_uri");
            var name = url != null || uri == null ? "redirect_url" : "redirect_uri";
            var considered = url != null ? url : uri;
            if (considered != null && !considered.isEmpty() && !considered.equals(app.redirectUrl())) {
                return new String[] {name + "_invalid", name + " \"" + considered + "\" is invalid"};
            }
        }
        var referrer = present(asked.value("referrer"));
        if (service.filtersRequired && !app.filters().isEmpty() && !"*".equals(referrer)
                && (referrer == null || app.filters().stream().noneMatch(filter -> matches(filter, referrer)))) {
            return new String[] {"referrer_not_allowed", referrer == null ? "referrer is missing" : "referrer \"" + referrer + "\" is not allowed"};
        }
        if (!app.state().equals("active")) {
            return new String[] {"application_not_active", "application is not active"};
        }
        return service.active ? null : new String[] {"service_not_active", "service is not active"};
    }

    private static boolean matches(String filter, String referrer) {
        var parts = new ArrayList<String>();
        for (var literal : filter.split("\\*", -1)) {
            parts.add(Pattern.quote(literal));
        }
        return Pattern.matches(String.join(".*", parts), referrer);
    }

    // ---- usage (9) -------------------------------------------------------------------------------------------------

    private static Map<String, Amount> read(Map<String, @Nullable String> usage, Service service) {
        var direct = new LinkedHashMap<String, Amount>();
        usage.forEach((name, text) -> {
            if (text == null || text.isBlank()) {
                throw new Refused(403, "usage_value_invalid", "usage value for metric \"" + name + "\" can not be empty");
            }
            if (!VALUE.matcher(text).matches()) {
                throw new Refused(403, "usage_value_invalid", "usage value \"" + text + "\" for metric \"" + name + "\" is invalid");
            }
            if (!service.metrics.containsKey(name.strip())) {
                throw new Refused(404, "metric_invalid", "metric \"" + name + "\" is invalid");
            }
            var plain = text.strip();
            boolean neither = text.charAt(0) != '#' && plain.startsWith("#");
            direct.put(name.strip(), neither ? new Amount(false, 0)
                    : new Amount(plain.startsWith("#"), Long.parseLong(plain.replace("#", ""))));
        });
        return direct;
    }

    private static Map<String, Amount> propagated(Map<String, Amount> direct, Service service, boolean flat) {
        var result = new LinkedHashMap<>(direct);
        if (!flat) {
            direct.forEach((metric, amount) -> {
                for (var ancestor : service.ancestors(metric)) {
                    var there = result.get(ancestor);
                    long before = there == null || there.set() ? 0 : there.value();
                    result.put(ancestor, amount.set() ? amount : new Amount(false, before + amount.value()));
                }
            });
        }
        return result;
    }

    private boolean withinLimits(Service service, App app, Map<String, Amount> direct, Asked asked, Instant now) {
        var used = propagated(direct, service, asked.options().contains("flat_usage"));
        for (var limit : limits(service, app)) {
            if (violates(limit, stored(service, app, limit, now), used)) {
                return false;
            }
        }
        return true;
    }

    private static boolean violates(Limit limit, long stored, Map<String, Amount> used) {
        var amount = used.get(limit.metric().name());
        return used.isEmpty() ? stored > limit.max()
                : amount != null && (amount.set() ? amount.value() : stored + amount.value()) > limit.max();
    }

    /// By metric, then from eternity to minute; for the plan that the applications of a service share.
    private static List<Limit> limits(Service service, App app) {
        var limits = new ArrayList<Limit>();
        for (var metric : service.metrics.values().stream().sorted(java.util.Comparator.comparingInt(Metric::id)).toList()) {
            for (var period : PERIODS) {
                service.limits.stream()
                        .filter(limit -> app.plan() != null && limit.metric().equals(metric) && limit.period().equals(period))
                        .forEach(limits::add);
            }
        }
        return limits;
    }

    // ---- the answer (10, 11) ---------------------------------------------------------------------------------------

    private record Shown(Limit limit, long stored, long current) {}

    /// Stored values, and those with this usage applied, each value in turn.
    private List<Shown> shown(Service service, App app, Map<String, Amount> counted, Instant now) {
        var all = new ArrayList<Shown>();
        for (var limit : limits(service, app)) {
            long stored = stored(service, app, limit, now);
            long current = stored;
            for (var entry : counted.entrySet()) {
                var metric = limit.metric().name();
                if (entry.getKey().equals(metric) || service.isBelow(entry.getKey(), metric)) {
                    current = entry.getValue().set() ? entry.getValue().value() : current + entry.getValue().value();
                }
            }
            all.add(new Shown(limit, stored, current));
        }
        return all;
    }

    private static String document(
            Asked asked, Service service, App app, String @Nullable [] denied, List<Shown> shown, Instant now) {
        var text = new StringBuilder(XML + "<status><authorized>").append(denied == null).append("</authorized>");
        if (denied != null) {
            text.append("<reason>").append(escaped(denied[1])).append("</reason>");
        }
        if (asked.isOauth()) {
            boolean early = denied != null && (denied[0].equals("oauth_not_enabled") || denied[0].equals("application_key_invalid"));
            var name = asked.value("redirect_url") == null && asked.value("redirect_uri") != null && !early ? "redirect_uri" : "redirect_url";
            text.append("<application><id>").append(escaped(app.id())).append("</id><key>")
                    .append(app.keys().stream().findFirst().map(ReferenceMeter::escaped).orElse(""))
                    .append("</key><").append(name).append('>').append(escaped(app.redirectUrl() == null ? "" : app.redirectUrl()))
                    .append("</").append(name).append("></application>");
        }
        text.append("<plan>").append(escaped(app.plan() == null ? "" : app.plan())).append("</plan>");
        if (!shown.isEmpty()) {
            text.append("<usage_reports>");
            shown.forEach(report -> text.append(report(report, now)));
            text.append("</usage_reports>");
        }
        if (asked.options().contains("list_app_keys")) {
            text.append("<app_keys app=\"").append(escaped(app.id())).append("\" svc=\"").append(service.id).append("\">");
            app.keys().forEach(key -> text.append("<key id=\"").append(escaped(key)).append("\"/>"));
            text.append("</app_keys>");
        }
        if (asked.options().contains("hierarchy")) {
            text.append("<hierarchy>");
            shown.forEach(report -> text.append("<metric name=\"").append(report.limit().metric().name()).append("\" children=\"")
                    .append(String.join(" ", service.children(report.limit().metric().name()))).append("\"/>"));
            text.append("</hierarchy>");
        }
        return text.append("</status>").toString();
    }

    private static String report(Shown shown, Instant now) {
        var limit = shown.limit();
        var dates = limit.period().equals("eternity") ? "" : "<period_start>" + printed(CalendarPeriod.start(limit.period(), now)) + "</period_start><period_end>"
                + printed(CalendarPeriod.end(limit.period(), now)) + "</period_end>";
        return "<usage_report metric=\"" + limit.metric().name() + "\" period=\"" + limit.period() + "\""
                + (shown.stored() > limit.max() ? " exceeded=\"true\"" : "") + ">" + dates + "<max_value>" + limit.max()
                + "</max_value><current_value>" + shown.current() + "</current_value></usage_report>";
    }

    private static Map<String, String> headers(
            Asked asked, Service service, String @Nullable [] denied, Map<String, Amount> direct, List<Shown> shown, Instant now) {
        var headers = new TreeMap<String, String>();
        if (denied != null && asked.options().contains("rejection_reason_header")) {
            headers.put("3scale-rejection-reason", denied[0]);
        }
        if (!asked.options().contains("limit_headers") || denied != null && !denied[0].equals("limits_exceeded")) {
            return headers;
        }
        // which limit denied is told, where the original may tell another (section 25, B9)
        var used = propagated(direct, service, asked.options().contains("flat_usage"));
        Shown picked = null;
        long least = Long.MAX_VALUE;
        for (var one : shown) {
            var metric = one.limit().metric().name();
            long use = 0;
            boolean touched = direct.isEmpty();
            for (var entry : direct.entrySet()) {
                if (entry.getKey().equals(metric) || service.isBelow(entry.getKey(), metric)) {
                    use += entry.getValue().value();
                    touched = true;
                }
            }
            touched &= denied == null || violates(one.limit(), one.stored(), used);
            long left = one.limit().max() - one.current();
            long remaining = left <= 0 ? 0 : use > 0 ? left / use : Long.MAX_VALUE;
            boolean longer = picked != null && PERIODS.indexOf(one.limit().period()) < PERIODS.indexOf(picked.limit().period());
            if (touched && (remaining < least || remaining == least && longer)) {
                picked = one;
                least = remaining;
            }
        }
        if (picked == null || least == Long.MAX_VALUE) {
            headers.put("3scale-limit-remaining", "-1");
            headers.put("3scale-limit-reset", "-1");
        } else {
            var period = picked.limit().period();
            headers.put("3scale-limit-remaining", Long.toString(least));
            headers.put("3scale-limit-reset", period.equals("eternity") ? "-1"
                    : Long.toString(CalendarPeriod.end(period, now).toEpochSecond() - now.getEpochSecond()));
            headers.put("3scale-limit-max-value", Long.toString(picked.limit().max()));
        }
        return headers;
    }

    // ---- reports (7.2, 13) -----------------------------------------------------------------------------------------

    /// A transaction before it becomes text; `age` is how long ago, in seconds, none if no timestamp is sent.
    record Transaction(@Nullable String appId, @Nullable String userKey, Map<String, @Nullable String> usage, @Nullable Long age, @Nullable String code) {}

    Expected report(
            @Nullable String providerKey, @Nullable String token, @Nullable String serviceId, List<Transaction> transactions, boolean flat, Instant now) {
        try {
            var caller = preflight(providerKey, token, serviceId);
            if (transactions.isEmpty()) {
                throw new Refused(400, "transactions_is_blank", "transactions parameter is blank");
            }
            var service = caller != null ? caller : resolved(String.valueOf(providerKey), present(serviceId));
            process(service, transactions, flat, now);
            return new Expected(202, Map.of(), "");
        } catch (Refused e) {
            return new Expected(e.status, Map.of(), XML + "<error code=\"" + e.code + "\">" + escaped(e.message()) + "</error>");
        }
    }

    private void process(Service service, List<Transaction> transactions, boolean flat, Instant now) {
        var kept = transactions.stream()
                .filter(one -> one.usage().isEmpty() || !one.usage().values().stream().allMatch("0"::equals)).toList();
        var apply = new ArrayList<Runnable>();
        try {
            for (var one : kept) {
                var app = identified(service, one);
                var usage = propagated(read(one.usage(), service), service, flat);
                long age = one.age() == null ? 0 : one.age();
                if (!one.usage().isEmpty() && (age > 86_400 || age < -3_600)) {
                    return;
                }
                apply.add(() -> count(service, app, usage, one.code(), now.minusSeconds(age)));
            }
        } catch (Refused voided) {
            return; // nothing of all that is counted, and nobody is told
        }
        apply.forEach(Runnable::run);
    }

    private static App identified(Service service, Transaction one) {
        if (one.appId() != null && one.userKey() != null) {
            throw both();
        }
        if (one.userKey() != null) {
            var app = service.byUserKey(one.userKey());
            if (app == null) {
                throw new Refused(403, "user_key_invalid", "");
            }
            return app;
        }
        return existing(service, one.appId());
    }

    // ---- counters (14, 15) -----------------------------------------------------------------------------------------

    private void count(Service service, App app, Map<String, Amount> usage, @Nullable String code, Instant at) {
        usage.forEach((metric, amount) -> {
            for (var period : PERIODS) {
                var key = key(service, app.id(), "metric " + metric, period, at);
                long before = counters.getOrDefault(key, 0L);
                long after = amount.set() ? amount.value() : before + amount.value();
                counters.put(key, after);
                if (OF_SERVICES.contains(period)) {
                    counters.merge(key(service, "", "metric " + metric, period, at), after - before, Long::sum);
                }
            }
        });
        if (!usage.isEmpty() && code != null && code.matches("[1-9][0-9][0-9]")) {
            var families = new ArrayList<String>();
            if ("245".indexOf(code.charAt(0)) >= 0) {
                families.add(code.charAt(0) + "XX");
            }
            if (EXACT_CODES.contains(code)) {
                families.add(code);
            }
            for (var family : families) {
                for (var period : PERIODS) {
                    counters.merge(key(service, app.id(), "code " + family, period, at), 1L, Long::sum);
                    if (OF_SERVICES.contains(period)) {
                        counters.merge(key(service, "", "code " + family, period, at), 1L, Long::sum);
                    }
                }
            }
        }
    }

    /// What is counted; `app` is empty for the sum over all applications.
    long counter(Service service, String app, String what, String period, Instant at) {
        return counters.getOrDefault(key(service, app, what, period, at), 0L);
    }

    private long stored(Service service, App app, Limit limit, Instant now) {
        return counter(service, app.id(), "metric " + limit.metric().name(), limit.period(), now);
    }

    private static String key(Service service, String app, String what, String period, Instant at) {
        return String.join("|", service.id, app, what, period, period.equals("eternity") ? "" : CalendarPeriod.start(period, at).toString());
    }

    static List<String> periodsOf(String app) {
        return app.isEmpty() ? OF_SERVICES : PERIODS;
    }

    // ---- small things ----------------------------------------------------------------------------------------------

    private static String printed(ZonedDateTime at) {
        return PRINTED.format(at) + " +0000";
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
