package io.tollkeeper.meter.internalapi;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;

import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.query.UsageOwner;
import io.tollkeeper.core.usage.CounterKey;
import io.tollkeeper.core.usage.KeyRange;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import io.tollkeeper.meter.params.ParamName;
import io.tollkeeper.meter.params.Params;
import org.jspecify.annotations.Nullable;

/// Reads the parameters of questions for usage: what, of whom, which periods. What does not fit is a [Refusal]. Blocks
/// where the catalogue's store is asked.
final class UsageParams {

    private static final ParamName METRIC = ParamName.of("metric");
    private static final ParamName RESPONSE_CODE = ParamName.of("response_code");
    private static final ParamName STATUS = ParamName.of("status");
    private static final ParamName PERIOD = ParamName.of("period");
    private static final ParamName APP_ID = ParamName.of("app_id");
    private static final String ALL = "*";

    private final Product product;
    private final CatalogStore store;
    private final Params params = new Params();

    UsageParams(Product product, InternalRequest request, CatalogStore store) {
        this.product = product;
        this.store = store;
        String query = request.query();
        if (query != null && !params.query(query)) {
            String fault = params.fault();
            throw refused(fault == null ? "the query cannot be read" : fault);
        }
    }

    private static Refusal refused(String error) {
        return new Refusal(InternalAnswer.badRequest(error));
    }

    @Nullable String text(ParamName name) {
        return params.text(name);
    }

    /// The one counter that is named.
    int key() {
        KeyRange keys = keys();
        if (!keys.isOne()) {
            throw refused("`*` names many counters (expected: one name or code)");
        }
        return keys.from();
    }

    /// The counter that is named, or a whole family for `*`.
    KeyRange keys() {
        String metric = params.text(METRIC);
        String code = params.text(RESPONSE_CODE);
        String status = params.text(STATUS);
        if (metric != null && !metric.isEmpty()) {
            return metric.equals(ALL) ? KeyRange.METRICS : KeyRange.one(metric(metric));
        }
        if (code != null) {
            return code.equals(ALL) ? KeyRange.RESPONSE_CODES : KeyRange.one(known(responseKey(code)));
        }
        if (status != null) {
            return status.equals(ALL) ? KeyRange.STATUSES : KeyRange.one(known(CounterKey.status(number(status))));
        }
        throw refused("give metric=NAME, response_code=CODE or status=CODE");
    }

    /// The metric's name as it was sent.
    @Nullable String metricName() {
        return params.text(METRIC);
    }

    private int metric(String name) {
        int number = store.metricNumberNamed(product.id(), name);
        if (number < 0) {
            throw new Refusal(InternalAnswer.notFound("metric not found"));
        }
        return number;
    }

    private static int known(int key) {
        if (key < 0) {
            throw new Refusal(InternalAnswer.notFound("response code not found"));
        }
        return key;
    }

    private static int responseKey(String code) {
        if (code.length() == 3 && code.toUpperCase(Locale.ROOT).endsWith("XX")) {
            int digit = code.charAt(0) - '0';
            return digit < 0 || digit > 9 ? -1 : CounterKey.responseClass(digit * 100);
        }
        return CounterKey.responseCode(number(code));
    }

    /// Three ASCII digits; −1 for anything else.
    private static int number(String code) {
        int number = 0;
        for (int i = 0; i < code.length(); i++) {
            int digit = code.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return code.length() == 3 ? number : -1;
    }

    /// The application that is named, or the product.
    UsageOwner owner() {
        String appId = appId();
        if (appId == null) {
            return new UsageOwner.OfProduct(product.number());
        }
        long number = store.applicationNumber(product.id(), appId);
        if (number < 0) {
            throw new Refusal(ApplicationsResource.notFound());
        }
        return new UsageOwner.OfApplication(number);
    }

    @Nullable String appId() {
        String sent = params.text(APP_ID);
        return sent == null ? null : Identifier.normal(sent);
    }

    Period period() {
        String name = params.text(PERIOD);
        Period period = name == null ? null : Period.ofWireName(name);
        if (period == null) {
            throw refused((name == null ? "no period" : "period \"" + name + "\"")
                    + " (expected: minute, hour, day, week, month, year or eternity)");
        }
        return period;
    }

    /// A moment in ISO 8601, UTC unless it has an offset; a date is its first second.
    long second(ParamName name, long byDefault) {
        String sent = params.text(name);
        if (sent == null) {
            return byDefault;
        }
        // In a query a plus that was not encoded is a blank.
        String text = sent.replace(' ', '+');
        try {
            if (text.indexOf('T') < 0) {
                return LocalDate.parse(text).toEpochDay() * 86_400;
            }
            int time = text.indexOf('T');
            boolean offset = text.endsWith("Z") || text.indexOf('+', time) > 0 || text.indexOf('-', time) > 0;
            return offset
                    ? OffsetDateTime.parse(text).toEpochSecond()
                    : LocalDateTime.parse(text).toEpochSecond(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            throw refused(name + " \"" + sent + "\" (expected: an instant such as 2026-11-20T16:27:05Z)");
        }
    }

    /// A number from 1 to `most`.
    int count(ParamName name, int byDefault, int most) {
        String sent = params.text(name);
        if (sent == null) {
            return byDefault;
        }
        try {
            int count = Integer.parseInt(sent);
            if (count >= 1 && count <= most) {
                return count;
            }
        } catch (NumberFormatException notANumber) {
            // told below, as are those out of range
        }
        throw refused(name + " \"" + sent + "\" (expected: a number from 1 to " + most + ")");
    }
}
