package io.tollkeeper.meter.internalapi;

import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;

import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.usage.CounterKey;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.UsageCounters;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import io.tollkeeper.meter.params.ParamName;
import io.tollkeeper.meter.params.Params;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// Our own `/services/{s}/counters?metric=|response_code=|status=&period=&at=[&app_id=]`: the value of one counter. What
/// was answered before the request is in it. Blocks.
final class CountersResource implements InternalApi.Resource {

    private static final ParamName METRIC = ParamName.of("metric");
    private static final ParamName RESPONSE_CODE = ParamName.of("response_code");
    private static final ParamName STATUS = ParamName.of("status");
    private static final ParamName PERIOD = ParamName.of("period");
    private static final ParamName AT = ParamName.of("at");
    private static final ParamName APP_ID = ParamName.of("app_id");

    private final Catalog catalog;
    private final CatalogStore store;
    private final UsageReader usage;

    CountersResource(Catalog catalog, CatalogStore store, UsageReader usage) {
        this.catalog = catalog;
        this.store = store;
        this.usage = usage;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (!route.is("GET", "services", "*", "counters")) {
            return null;
        }
        Params params = new Params();
        String query = request.query();
        if (query != null && !params.query(query)) {
            return InternalAnswer.badRequest(params.fault() == null ? "the query cannot be read" : params.fault());
        }
        Product product = InternalAnswer.required(
                catalog.current().product(route.id(1)), InternalAnswer.notFound("service not found"));
        int key = key(product, params);
        Period period = period(params);
        long at = at(params.text(AT));
        String appId = params.text(APP_ID);
        usage.barrier();
        long value = appId == null ? ofProduct(product, key, period, at) : ofApplication(product, appId, key, period, at);
        ObjectNode answer = Json.object();
        answer.putObject("counter").put("value", value);
        return InternalAnswer.of(200, answer);
    }

    private long ofProduct(Product product, int key, Period period, long at) {
        if ((UsageCounters.PRODUCT_PERIODS & 1 << period.slot()) == 0) {
            throw new Refusal(InternalAnswer.badRequest(
                    "a service has no counters per " + period.wireName() + ", only its applications do (give app_id)"));
        }
        return usage.ofProduct(product.number(), key, period, at);
    }

    private long ofApplication(Product product, String appId, int key, Period period, long at) {
        long number = store.applicationNumber(product.id(), Identifier.normal(appId));
        if (number < 0) {
            throw new Refusal(ApplicationsResource.notFound());
        }
        return usage.ofApplication(number, key, period, at);
    }

    private int key(Product product, Params params) {
        String metric = params.text(METRIC);
        String code = params.text(RESPONSE_CODE);
        String status = params.text(STATUS);
        if (metric != null) {
            int number = store.metricNumberNamed(product.id(), metric);
            if (number < 0) {
                throw new Refusal(InternalAnswer.notFound("metric not found"));
            }
            return number;
        }
        if (code == null && status == null) {
            throw new Refusal(InternalAnswer.badRequest("give metric=NAME, response_code=CODE or status=CODE"));
        }
        int key = code == null ? CounterKey.status(number(status)) : responseKey(code);
        if (key < 0) {
            throw new Refusal(InternalAnswer.notFound("response code not found"));
        }
        return key;
    }

    private static int responseKey(String code) {
        if (code.length() == 3 && code.endsWith("XX")) {
            int digit = Character.digit(code.charAt(0), 10);
            return digit < 0 ? -1 : CounterKey.responseClass(digit * 100);
        }
        return CounterKey.responseCode(number(code));
    }

    private static int number(@Nullable String code) {
        if (code == null || code.length() != 3) {
            return -1;
        }
        try {
            return Integer.parseInt(code);
        } catch (NumberFormatException notANumber) {
            return -1;
        }
    }

    private static Period period(Params params) {
        String name = params.text(PERIOD);
        Period period = name == null ? null : Period.ofWireName(name);
        if (period == null) {
            throw new Refusal(InternalAnswer.badRequest("period \"" + name
                    + "\" (expected: minute, hour, day, week, month, year or eternity)"));
        }
        return period;
    }

    private long at(@Nullable String text) {
        if (text == null) {
            return usage.now();
        }
        try {
            return OffsetDateTime.parse(text, DateTimeFormatter.ISO_OFFSET_DATE_TIME).toEpochSecond();
        } catch (DateTimeException e) {
            throw new Refusal(InternalAnswer.badRequest(
                    "at \"" + text + "\" (expected: an instant such as 2026-11-20T16:27:05Z)"));
        }
    }
}
