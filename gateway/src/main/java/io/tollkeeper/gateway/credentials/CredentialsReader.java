package io.tollkeeper.gateway.credentials;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

import io.tollkeeper.core.catalog.AuthenticationMode;
import io.tollkeeper.core.proxy.CredentialsLocation;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.gateway.rules.Arguments;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Request;
import org.jspecify.annotations.Nullable;

/// Finds credentials where a product expects them (gateway specification, section 5). Immutable, one per product; used
/// on event loops.
///
/// | mode | query | headers | authorization |
/// |---|---|---|---|
/// | user key | argument, else form field | header | user of `Basic`, else token of `Bearer` |
/// | OAuth | argument `access_token`, else form field, else `Bearer` | header `access_token`, else `Bearer` | token of `Bearer` |
/// | app id and key | arguments, each missing one from the form | headers | user of `Basic`, else token of `Bearer`; password of `Basic` |
///
/// Arguments of the URL: first of that name in any letter case, value as it stands there, not decoded. Form fields are
/// decoded. Header names match with `-` for `_`. An empty value is a value.
public final class CredentialsReader {

    /// What an access token is called, whatever the product says.
    private static final String ACCESS_TOKEN = "access_token";

    private final @Nullable AuthenticationMode mode;
    private final CredentialsLocation location;
    private final String userKey;
    private final String appId;
    private final String appKey;

    public CredentialsReader(ProxyConfig config) {
        mode = config.mode();
        location = config.credentialsLocation();
        userKey = config.authUserKey();
        appId = config.authAppId();
        appKey = config.authAppKey();
    }

    /// Whether a form body could bring what the URL lacks: then it is worth reading.
    public boolean mayNeedForm(Request request) {
        if (location != CredentialsLocation.QUERY || mode == null) {
            return false;
        }
        return switch (mode) {
            case USER_KEY -> argument(request.query(), userKey) == null;
            case APP_ID -> argument(request.query(), appId) == null || argument(request.query(), appKey) == null;
            case OAUTH -> argument(request.query(), ACCESS_TOKEN) == null;
        };
    }

    /// Reads the credentials; false if a part is missing.
    ///
    /// @param form the form body as sent, none if there is none or it was not read
    public boolean read(Request request, @Nullable String form, Credentials into) {
        if (mode == null) {
            return false;
        }
        if (mode == AuthenticationMode.OAUTH) {
            return token(request, form, into);
        }
        boolean byKey = mode == AuthenticationMode.USER_KEY;
        return switch (location) {
            case QUERY -> byKey
                    ? user(userKey, argumentOrField(request, form, userKey), into)
                    : application(argumentOrField(request, form, appId), argumentOrField(request, form, appKey), into);
            case HEADERS -> byKey
                    ? user(userKey, header(request, userKey), into)
                    : application(header(request, appId), header(request, appKey), into);
            case AUTHORIZATION -> authorization(request.headers().get(HeaderName.AUTHORIZATION), byKey, into);
        };
    }

    private boolean token(Request request, @Nullable String form, Credentials into) {
        String token = switch (location) {
            case QUERY -> argumentOrField(request, form, ACCESS_TOKEN);
            case HEADERS -> header(request, ACCESS_TOKEN);
            case AUTHORIZATION -> null;
        };
        String name = ACCESS_TOKEN;
        if (token == null) {
            String field = request.headers().get(HeaderName.AUTHORIZATION);
            token = field == null ? null : afterScheme(field, "Bearer");
            name = "Authorization";
        }
        if (token == null) {
            return false;
        }
        into.accessToken(name, token);
        return true;
    }

    private static boolean user(String name, @Nullable String key, Credentials into) {
        if (key == null) {
            return false;
        }
        into.userKey(name, key);
        return true;
    }

    private boolean application(@Nullable String id, @Nullable String key, Credentials into) {
        if (id == null || key == null) {
            return false;
        }
        into.application(appId, id, key);
        return true;
    }

    private static boolean authorization(@Nullable String field, boolean byKey, Credentials into) {
        if (field == null) {
            return false;
        }
        String token = afterScheme(field, "Bearer");
        if (token != null) {
            return byKey && user("Authorization", token, into);
        }
        String basic = afterScheme(field, "Basic");
        String pair = basic == null ? null : decodedBasic(basic);
        int colon = pair == null ? -1 : pair.lastIndexOf(':');
        if (pair == null || colon < 0) {
            return false;
        }
        if (byKey) {
            into.userKey("Authorization", pair.substring(0, colon));
        } else {
            into.application("Authorization", pair.substring(0, colon), pair.substring(colon + 1));
        }
        return true;
    }

    /// What follows `Basic` or `Bearer`; the scheme's letter case counts, as in the original.
    private static @Nullable String afterScheme(String field, String scheme) {
        int at = scheme.length();
        if (!field.startsWith(scheme) || at >= field.length() || field.charAt(at) != ' ') {
            return null;
        }
        while (at < field.length() && field.charAt(at) == ' ') {
            at++;
        }
        return at == field.length() ? null : field.substring(at);
    }

    private static @Nullable String decodedBasic(String text) {
        try {
            return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException _) {
            return null; // not base64: no credentials, and the evidence says that Authorization was there
        }
    }

    private static @Nullable String argumentOrField(Request request, @Nullable String form, String name) {
        String value = argument(request.query(), name);
        return value != null || form == null ? value : field(form, name);
    }

    private static @Nullable String header(Request request, String name) {
        String value = request.headers().getLoosely(name);
        return value == null ? null : utf8(value);
    }

    /// Value of the first argument of this name (lower case) in a raw query; not decoded.
    static @Nullable String argument(@Nullable String query, String name) {
        if (query == null) {
            return null;
        }
        int length = name.length();
        int last = query.length() - length - 1;
        for (int at = 0; at <= last; ) {
            if (query.charAt(at + length) == '=' && query.regionMatches(true, at, name, 0, length)) {
                int start = at + length + 1;
                int end = query.indexOf('&', start);
                return utf8(end < 0 ? query.substring(start) : query.substring(start, end));
            }
            int next = query.indexOf('&', at);
            if (next < 0) {
                return null;
            }
            at = next + 1;
        }
        return null;
    }

    /// Value of the first field of this name in a form; decoded.
    private static @Nullable String field(String form, String name) {
        int at = 0;
        for (int count = 0; count < 100 && at <= form.length(); count++) {
            int end = form.indexOf('&', at);
            if (end < 0) {
                end = form.length();
            }
            int equals = form.indexOf('=', at);
            if (equals >= 0 && equals < end && Arguments.decoded(form.substring(at, equals)).equals(name)) {
                return Arguments.decoded(form.substring(equals + 1, end));
            }
            at = end + 1;
        }
        return null;
    }

    /// Text off the wire comes as Latin-1; what it says beyond ASCII is UTF-8.
    private static String utf8(String latin1) {
        for (int i = 0; i < latin1.length(); i++) {
            if (latin1.charAt(i) >= 128) {
                return new String(latin1.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
            }
        }
        return latin1;
    }

    // ---- evidence

    /// Where credentials were looked for and what similar was sent: the evidence of `A-NO-CREDENTIALS`. Names only,
    /// never values.
    ///
    /// @param formNote what became of the form body: empty if it did not matter
    public String missing(Request request, @Nullable String form, String formNote) {
        if (mode == null) {
            return "the product's backend_version (or its credentials_location) is missing or unknown, so no credentials can be right";
        }
        boolean byToken = mode == AuthenticationMode.OAUTH;
        boolean byKey = mode == AuthenticationMode.USER_KEY;
        String names = byToken ? ACCESS_TOKEN : byKey ? userKey : appId + " and " + appKey;
        String where = switch (location) {
            case QUERY -> names + " in the query" + (form == null ? "" : " and in the form body");
            case HEADERS -> names + " in the headers";
            case AUTHORIZATION -> byToken
                    ? "Authorization: Bearer"
                    : "Authorization: Basic" + (byKey ? " or Bearer" : " with application id and key");
        };
        StringBuilder text = new StringBuilder("looked for ").append(where);
        if (byToken && location != CredentialsLocation.AUTHORIZATION) {
            text.append(", and for Authorization: Bearer");
        }
        String found = found(request, form);
        text.append(found.isEmpty() ? "; found nothing like it" : "; found ").append(found);
        if (!formNote.isEmpty()) {
            text.append("; ").append(formNote);
        }
        return text.toString();
    }

    private String found(Request request, @Nullable String form) {
        StringBuilder near = new StringBuilder();
        String query = request.query();
        if (query != null) {
            for (String pair : query.split("&", 101)) {
                int equals = pair.indexOf('=');
                note(equals < 0 ? pair : pair.substring(0, equals), equals < 0 ? "query, without =" : "query", near);
            }
        }
        if (form != null) {
            for (String pair : form.split("&", 101)) {
                int equals = pair.indexOf('=');
                note(Arguments.decoded(equals < 0 ? pair : pair.substring(0, equals)), "form body", near);
            }
        }
        Headers headers = request.headers();
        for (int i = 0; i < headers.size(); i++) {
            if (headers.nameIs(i, HeaderName.AUTHORIZATION)) {
                String value = headers.value(i);
                int blank = value.indexOf(' ');
                append("Authorization" + (blank > 0 && blank <= 10 ? " (" + value.substring(0, blank) + ")" : ""), "headers", near);
            } else {
                note(headers.name(i), "headers", near);
            }
        }
        return near.toString();
    }

    private void note(String name, String place, StringBuilder near) {
        if (isNear(name)) {
            append(name.length() > 40 ? name.substring(0, 40) + "…" : name, place, near);
        }
    }

    private boolean isNear(String name) {
        return mode != null && switch (mode) {
            case USER_KEY -> isNear(name, userKey);
            case APP_ID -> isNear(name, appId) || isNear(name, appKey);
            case OAUTH -> isNear(name, ACCESS_TOKEN);
        };
    }

    private static void append(String name, String place, StringBuilder near) {
        if (near.length() < 200) {
            near.append(near.isEmpty() ? "" : ", ").append(name).append(" (").append(place).append(')');
        }
    }

    /// Whether somebody may have meant `wanted`: the same letters, a slip of at most two, or a common word for a key.
    static boolean isNear(String name, String wanted) {
        String a = letters(name);
        String b = letters(wanted);
        if (a.isEmpty() || a.length() > 40) {
            return false;
        }
        return a.equals(b)
                || b.length() > 3 && distance(a, b) <= 2
                || a.endsWith("key") && a.length() <= 12
                || a.endsWith("token") && a.length() <= 14
                || a.equals("appid");
    }

    private static String letters(String name) {
        StringBuilder letters = new StringBuilder(name.length());
        for (int i = 0; i < name.length() && i < 64; i++) {
            if (Character.isLetterOrDigit(name.charAt(i))) {
                letters.append(Character.toLowerCase(name.charAt(i)));
            }
        }
        return letters.toString();
    }

    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int up = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(Math.min(up, row[j - 1]) + 1, change);
                diagonal = up;
            }
        }
        return row[b.length()];
    }
}
