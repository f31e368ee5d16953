package io.tollkeeper.meter.params;

import io.tollkeeper.http.HeaderName;
import org.jspecify.annotations.Nullable;

/// The extensions that a caller asked for in the `3scale-options` header. Immutable.
///
/// @param rejectionReason `rejection_reason_header=1`: tell the code of a denial in a header
/// @param limitHeaders    `limit_headers=1`
/// @param hierarchy       `hierarchy=1`
/// @param appKeys         `list_app_keys=1`
/// @param flatUsage       `flat_usage=1`: usage is not propagated to parents
/// @param noBody          `no_body`: asked for, asked not to, or (none) left to the parameter of that name
/// @param fault           why the header could not be read; none if it could. A call never fails on an option
public record Options(
        boolean rejectionReason,
        boolean limitHeaders,
        boolean hierarchy,
        boolean appKeys,
        boolean flatUsage,
        @Nullable Boolean noBody,
        @Nullable String fault) {

    /// Where they are sent.
    public static final HeaderName HEADER = HeaderName.of("3scale-options");

    public static final Options NONE = new Options(false, false, false, false, false, null, null);

    private static final ParamName REJECTION_REASON = ParamName.of("rejection_reason_header");
    private static final ParamName LIMIT_HEADERS = ParamName.of("limit_headers");
    private static final ParamName HIERARCHY = ParamName.of("hierarchy");
    private static final ParamName LIST_APP_KEYS = ParamName.of("list_app_keys");
    private static final ParamName FLAT_USAGE = ParamName.of("flat_usage");
    private static final ParamName NO_BODY = ParamName.of("no_body");

    /// Reads a header's value; `params` is used and left dirty.
    public static Options read(String header, Params params) {
        params.clear();
        if (!params.query(header)) {
            return new Options(false, false, false, false, false, null, params.fault());
        }
        return new Options(
                params.isCharacter(params.find(REJECTION_REASON), '1'),
                params.isCharacter(params.find(LIMIT_HEADERS), '1'),
                params.isCharacter(params.find(HIERARCHY), '1'),
                params.isCharacter(params.find(LIST_APP_KEYS), '1'),
                params.isCharacter(params.find(FLAT_USAGE), '1'),
                noBody(params, params.find(NO_BODY)),
                null);
    }

    /// Whether the answer shall have no body: as the header says, else as the parameter says.
    public boolean noBody(Params params) {
        return noBody != null ? noBody : isOn(noBody(params, params.find(NO_BODY)));
    }

    /// The same for errors of a POST, where the parameter counts in the query string only.
    public boolean noBodyOfQuery(Params params) {
        return noBody != null ? noBody : isOn(noBody(params, params.findInQuery(NO_BODY)));
    }

    private static boolean isOn(@Nullable Boolean given) {
        return given != null && given;
    }

    /// Every value but `0` and `false` asks for it; a bare name says nothing.
    private static @Nullable Boolean noBody(Params params, int node) {
        if (!params.isGiven(node)) {
            return null;
        }
        return !params.isCharacter(node, '0') && !"false".equals(params.text(node));
    }
}
