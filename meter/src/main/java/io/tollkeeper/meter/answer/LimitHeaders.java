package io.tollkeeper.meter.answer;

import io.tollkeeper.core.authorize.Call;
import io.tollkeeper.core.authorize.Checks;
import io.tollkeeper.core.catalog.PlanLimits;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.Usage;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;

/// The extension `limit_headers`: how many more identical calls fit, until when, under which limit. Pure function.
///
/// Looked at are the limits of the metrics named in the usage and of their ancestors, all limits if no usage was
/// named. The most constrained one is shown: least remaining calls, then the longer period, then the order of the
/// answer. A limit that this call does not use (remaining −1) is the least constrained; and a denial shows
/// only limits that denied it (specification, section 25, B9).
public final class LimitHeaders {

    private static final HeaderName REMAINING = HeaderName.of("3scale-limit-remaining");
    private static final HeaderName RESET = HeaderName.of("3scale-limit-reset");
    private static final HeaderName MAX_VALUE = HeaderName.of("3scale-limit-max-value");
    private static final String NONE = "-1";

    private LimitHeaders() {}

    public static void add(Headers headers, Product product, Call call, boolean denied) {
        PlanLimits limits = call.limits();
        Usage usage = call.usage();
        int picked = -1;
        long least = Long.MAX_VALUE;
        for (int i = 0; i < limits.size(); i++) {
            long use = usage.present() ? usage.use(product, limits.metric(i)) : 0;
            if (use < 0 || denied && !Checks.violates(limits, i, call.before(i), usage)) {
                continue;
            }
            long left = limits.max(i) - call.current(i);
            long remaining = left <= 0 ? 0 : use > 0 ? left / use : Long.MAX_VALUE;
            // Periods are declared from the longest to the shortest.
            if (picked < 0 || remaining < least || remaining == least && limits.period(i) < limits.period(picked)) {
                picked = i;
                least = remaining;
            }
        }
        if (picked < 0 || least == Long.MAX_VALUE) {
            headers.add(REMAINING, NONE);
            headers.add(RESET, NONE);
            return;
        }
        Period period = Period.of(limits.period(picked));
        headers.add(REMAINING, Long.toString(least));
        headers.add(RESET, period == Period.ETERNITY ? NONE : Long.toString(period.end(call.now()) - call.now()));
        headers.add(MAX_VALUE, Long.toString(limits.max(picked)));
    }
}
