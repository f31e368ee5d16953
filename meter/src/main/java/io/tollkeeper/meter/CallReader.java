package io.tollkeeper.meter;

import io.tollkeeper.core.authorize.Call;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.usage.Blank;
import io.tollkeeper.meter.params.Options;
import io.tollkeeper.meter.params.ParamName;
import io.tollkeeper.meter.params.Params;

/// Reads what an authorization asks from its parameters (specification, section 6). Pure functions.
final class CallReader {

    private static final ParamName APP_ID = ParamName.of("app_id");
    private static final ParamName APP_KEY = ParamName.of("app_key");
    private static final ParamName USER_KEY = ParamName.of("user_key");
    private static final ParamName USER_ID = ParamName.of("user_id");
    private static final ParamName REFERRER = ParamName.of("referrer");
    private static final ParamName REDIRECT_URL = ParamName.of("redirect_url");
    private static final ParamName REDIRECT_URI = ParamName.of("redirect_uri");
    private static final ParamName USAGE = ParamName.of("usage");
    private static final ParamName LOG = ParamName.of("log");
    private static final ParamName CODE = ParamName.of("code");

    private CallReader() {}

    static boolean hasUserId(Params params) {
        return params.isGiven(params.find(USER_ID));
    }

    /// Whether usage was sent as something else than a map.
    static boolean isUsageMisshapen(Params params) {
        int usage = params.find(USAGE);
        return params.isGiven(usage) && !params.isMap(usage);
    }

    /// Whether a redirect would be looked at under the name `redirect_uri`.
    static boolean namesRedirectUri(Params params) {
        return params.text(REDIRECT_URL) == null && params.text(REDIRECT_URI) != null;
    }

    /// Begins a call with everything that was sent.
    static void read(Params params, Options options, Route route, Product product, long now, Call call) {
        String key = params.text(APP_KEY);
        call.begin(product, route.isAuthrep() ? Call.Kind.AUTHREP : Call.Kind.AUTHORIZE, now)
                .appId(Blank.toNull(params.text(APP_ID)))
                .appKey(key == null ? null : Blank.trim(key))
                .userKey(Blank.toNull(params.text(USER_KEY)))
                .referrer(Blank.toNull(params.text(REFERRER)));
        if (route.isOauth()) {
            call.oauthEndpoint().redirectUrl(params.text(REDIRECT_URL)).redirectUri(params.text(REDIRECT_URI));
        }
        if (options.noBody(params)) {
            call.noBody();
        }
        if (options.flatUsage()) {
            call.flatUsage();
        }
        if (route.isAuthrep()) {
            call.logCode(params.statusCode(params.find(params.find(LOG), CODE)));
        }
        int usage = params.find(USAGE);
        if (params.isMap(usage)) {
            for (int entry = params.first(usage); entry != Params.NONE; entry = params.next(entry)) {
                call.usage().name(params.key(entry), params.text(entry));
            }
        }
    }
}
