package io.tollkeeper.core.authorize;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.tollkeeper.core.authorize.Decision.Denied;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.catalog.PlanLimits;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.flight.Redaction;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Blank;
import io.tollkeeper.core.usage.Usage;
import org.jspecify.annotations.Nullable;

/// Who may pass: pure functions on values, in the order of the specification's sections 7.1 and 8. Nothing here knows
/// of locks, stores or time.
public final class Checks {

    private Checks() {}

    /// Steps 8–11 as far as they need no lookup: is there exactly one way to find the application? None if so.
    public static @Nullable Denied identification(
            AuthenticationMode mode, boolean oauthEndpoint, @Nullable String appId, @Nullable String userKey) {
        if (oauthEndpoint && appId == null) {
            return missingApplicationId(userKey);
        }
        if (appId != null && userKey != null) {
            return new Denied(
                    Reason.AUTHENTICATION_ERROR,
                    "either app_id or user_key is allowed, not both",
                    "app_id and user_key were both sent",
                    -1);
        }
        if (mode == AuthenticationMode.USER_KEY) {
            return userKey == null ? missingUserKey(appId) : null;
        }
        return appId == null ? missingApplicationId(userKey) : null;
    }

    static Denied missingUserKey(@Nullable String appId) {
        return new Denied(
                Reason.USER_KEY_INVALID,
                "user key is missing",
                appId == null
                        ? "no user_key was sent"
                        : "app_id was sent, but this product identifies applications by user_key",
                -1);
    }

    static Denied missingApplicationId(@Nullable String userKey) {
        return new Denied(
                Reason.APPLICATION_NOT_FOUND,
                "application id is missing",
                userKey == null
                        ? "no app_id was sent"
                        : "user_key was sent, but this product identifies applications by app_id",
                -1);
    }

    /// A user key that maps to nothing.
    public static Denied unknownUserKey(String userKey) {
        return new Denied(
                Reason.USER_KEY_INVALID,
                "user key \"" + userKey + "\" is invalid",
                "no application of this product has the user key " + Redaction.shortened(userKey),
                -1);
    }

    /// An application id that does not exist.
    public static Denied unknownApplication(String appId) {
        return new Denied(
                Reason.APPLICATION_NOT_FOUND,
                "application with id=\"" + appId + "\" was not found",
                "this product has no application \"" + appId + "\"",
                -1);
    }

    /// All validators of section 8 but the limits; the first that fails, or none.
    public static @Nullable Denied application(
            Product product, Application application, Call call, ReferrerMatch filters) {
        for (int i = 0; i < VALIDATORS; i++) {
            Denied denied = validator(i, product, application, call, filters);
            if (denied != null) {
                return denied;
            }
        }
        return null;
    }

    /// Every one of them that fails, in their order: for explanations.
    static List<Denied> failures(Product product, Application application, Call call, ReferrerMatch filters) {
        List<Denied> failures = new ArrayList<>();
        for (int i = 0; i < VALIDATORS; i++) {
            Denied denied = validator(i, product, application, call, filters);
            if (denied != null) {
                failures.add(denied);
            }
        }
        return failures;
    }

    private static final int VALIDATORS = 6;

    private static @Nullable Denied validator(
            int i, Product product, Application application, Call call, ReferrerMatch filters) {
        boolean oauth = product.mode() == AuthenticationMode.OAUTH;
        return switch (i) {
            case 0 ->
                call.oauthEndpoint && !oauth
                        ? new Denied(
                                Reason.OAUTH_NOT_ENABLED, "oauth is not enabled", "the product's mode is " + product.mode(), -1)
                        : null;
            case 1 ->
                call.oauthEndpoint || oauth
                        ? oauthKey(application.keys(), call.appKey)
                        : key(product.mode(), application.keys(), call.appKey);
            case 2 ->
                call.oauthEndpoint ? redirect(application.redirectUrl(), call.redirectUrl, call.redirectUri) : null;
            case 3 ->
                product.settings().referrerFiltersRequired() ? referrer(application, call.referrer, filters) : null;
            case 4 ->
                application.isActive()
                        ? null
                        : new Denied(
                                Reason.APPLICATION_NOT_ACTIVE,
                                "application is not active",
                                "application \"" + application.id() + "\" is in state " + application.state(),
                                -1);
            default ->
                product.isActive()
                        ? null
                        : new Denied(
                                Reason.SERVICE_NOT_ACTIVE,
                                "service is not active",
                                "product \"" + product.id() + "\" is suspended",
                                -1);
        };
    }

    /// 8.1: an application without keys accepts any; otherwise one of its keys is wanted.
    static @Nullable Denied key(AuthenticationMode mode, Set<String> keys, @Nullable String sent) {
        if (mode == AuthenticationMode.USER_KEY || keys.isEmpty()) {
            return null;
        }
        return sent != null && keys.contains(sent) ? null : wrongKey(keys, sent);
    }

    /// 8.2: no key is fine, an empty one is not, any other has to be one of the application's.
    static @Nullable Denied oauthKey(Set<String> keys, @Nullable String sent) {
        return sent == null || !sent.isEmpty() && keys.contains(sent) ? null : wrongKey(keys, sent);
    }

    private static Denied wrongKey(Set<String> keys, @Nullable String sent) {
        if (sent == null || sent.isEmpty()) {
            return new Denied(
                    Reason.APPLICATION_KEY_INVALID,
                    "application key is missing",
                    "no app_key was sent; the application has " + keys.size(),
                    -1);
        }
        return new Denied(
                Reason.APPLICATION_KEY_INVALID,
                "application key \"" + sent + "\" is invalid",
                "app_key " + Redaction.shortened(sent) + " is none of the application's " + keys.size(),
                -1);
    }

    /// 8.3: `redirect_url` goes before `redirect_uri`, even when empty; empty or equal to the stored one passes.
    static @Nullable Denied redirect(@Nullable String stored, @Nullable String url, @Nullable String uri) {
        boolean isUri = url == null && uri != null;
        String sent = isUri ? uri : url;
        if (sent == null || sent.isEmpty() || sent.equals(stored)) {
            return null;
        }
        String name = isUri ? "redirect_uri" : "redirect_url";
        return new Denied(
                isUri ? Reason.REDIRECT_URI_INVALID : Reason.REDIRECT_URL_INVALID,
                name + " \"" + sent + "\" is invalid",
                "the application's redirect URL is " + (stored == null ? "not set" : "\"" + stored + "\""),
                -1);
    }

    /// 8.4: `*` bypasses; without filters everything passes; otherwise one filter has to match.
    static @Nullable Denied referrer(Application application, @Nullable String sent, ReferrerMatch filters) {
        if (application.referrerFilters().isEmpty() || "*".equals(sent)) {
            return null;
        }
        if (sent == null || Blank.is(sent)) {
            return new Denied(
                    Reason.REFERRER_NOT_ALLOWED,
                    "referrer is missing",
                    "the application's filters are " + application.referrerFilters(),
                    -1);
        }
        for (String filter : application.referrerFilters()) {
            if (filters == ReferrerMatch.WHOLE ? matches(filter, sent) : occurs(filter, sent)) {
                return null;
            }
        }
        return new Denied(
                Reason.REFERRER_NOT_ALLOWED,
                "referrer \"" + sent + "\" is not allowed",
                "\"" + sent + "\" matches none of " + application.referrerFilters(),
                -1);
    }

    /// Whether some part of a line of the text matches.
    private static boolean occurs(String filter, String text) {
        String anywhere = "*" + filter + "*";
        for (String line : text.split("\n", -1)) {
            if (matches(anywhere, line)) {
                return true;
            }
        }
        return false;
    }

    /// Literal text in which `*` stands for any run of characters but line feeds; all of the text has to match.
    static boolean matches(String filter, String text) {
        int at = 0;
        int in = 0;
        int star = -1;
        int resume = 0;
        while (at < text.length()) {
            if (in < filter.length() && filter.charAt(in) == '*') {
                star = in++;
                resume = at;
            } else if (in < filter.length() && filter.charAt(in) == text.charAt(at)) {
                in++;
                at++;
            } else if (star >= 0 && text.charAt(resume) != '\n') {
                in = star + 1;
                at = ++resume;
            } else {
                return false;
            }
        }
        while (in < filter.length() && filter.charAt(in) == '*') {
            in++;
        }
        return in == filter.length();
    }

    /// 9.4: the index of the first limit that the propagated usage would exceed, −1 if none. Without usage every limit
    /// is compared with its stored value; with usage only those of the metrics used and their ancestors.
    public static int violatedLimit(PlanLimits limits, long[] stored, Usage usage) {
        for (int i = 0; i < limits.size(); i++) {
            if (violates(limits, i, stored[i], usage)) {
                return i;
            }
        }
        return -1;
    }

    /// Whether the propagated usage would exceed the i-th limit.
    public static boolean violates(PlanLimits limits, int i, long stored, Usage usage) {
        long max = limits.max(i);
        if (!usage.present()) {
            return stored > max;
        }
        int at = usage.indexOf(limits.metric(i));
        return at < 0 ? max < 0 : exceeds(stored, usage, at, max);
    }

    private static boolean exceeds(long stored, Usage usage, int at, long max) {
        if (usage.isHuge(at)) {
            return true;
        }
        long amount = usage.amount(at);
        if (usage.isSet(at)) {
            return amount > max;
        }
        long applied = stored + amount;
        boolean overflow = amount > 0 && applied < stored;
        return overflow || applied > max;
    }
}
