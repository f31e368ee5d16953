package io.tollkeeper.compat.fuzz;

import java.nio.charset.StandardCharsets;

import io.tollkeeper.compat.fuzz.ReferenceForm.Value;
import io.tollkeeper.meter.params.Options;
import io.tollkeeper.meter.params.Params;
import org.jspecify.annotations.Nullable;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;
import static io.tollkeeper.compat.fuzz.FuzzTarget.same;

/// The `3scale-options` header asks for what the table of the specification's section 11 says, or is ignored as a whole.
/// The input is a header value, a line feed, and a query string.
final class OptionsTarget implements FuzzTarget {

    private final Params params = new Params();

    @Override
    public void run(byte[] input) {
        var lines = new String(input, StandardCharsets.ISO_8859_1).split("\n", 2);
        var options = Options.read(lines[0], params);
        ReferenceForm header;
        try {
            header = ReferenceForm.query(lines[0]);
            require(options.fault() == null, "no fault", "" + options.fault(), "none");
        } catch (ReferenceForm.Refused refused) {
            require(options.fault() != null, "a fault", "none", refused.message());
            same("ignored", new Options(false, false, false, false, false, null, options.fault()), options);
            return;
        }
        same("rejection_reason_header", options.rejectionReason(), isOne(header, "rejection_reason_header"));
        same("limit_headers", options.limitHeaders(), isOne(header, "limit_headers"));
        same("hierarchy", options.hierarchy(), isOne(header, "hierarchy"));
        same("list_app_keys", options.appKeys(), isOne(header, "list_app_keys"));
        same("flat_usage", options.flatUsage(), isOne(header, "flat_usage"));
        var asked = noBody(header);
        same("no_body", String.valueOf(options.noBody()), String.valueOf(asked));
        parameter(options, asked, lines.length > 1 ? lines[1] : "");
    }

    private void parameter(Options options, @Nullable Boolean asked, String query) {
        params.clear();
        if (params.query(query)) {
            try {
                var given = noBody(ReferenceForm.query(query));
                boolean expected = asked != null ? asked : given != null && given;
                same("no_body with a parameter", options.noBody(params), expected);
                same("no_body with a parameter of the query", options.noBodyOfQuery(params), expected);
            } catch (ReferenceForm.Refused refused) {
                throw new AssertionError("read, but should be refused: " + refused.message());
            }
        }
    }

    private static boolean isOne(ReferenceForm form, String name) {
        return form.fields().get(name) instanceof Value.Text(var text) && text.equals("1");
    }

    private static @Nullable Boolean noBody(ReferenceForm form) {
        return switch (form.fields().get("no_body")) {
            case null -> null;
            case Value.Bare _ -> null;
            case Value.Text(var text) -> !text.equals("0") && !text.equals("false");
            case Value.Fields _ -> true;
            case Value.Items _ -> true;
        };
    }
}
