package io.tollkeeper.meter.internalapi;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.integration.IntegrationError;
import io.tollkeeper.core.integration.IntegrationErrors;
import io.tollkeeper.meter.params.ParamName;
import io.tollkeeper.meter.params.Params;
import org.jspecify.annotations.Nullable;

/// `/services/{s}/errors/`: what callers of a product did wrong, newest first, page by page. Blocks.
final class ErrorsResource implements InternalApi.Resource {

    private static final ParamName PAGE = ParamName.of("page");
    private static final ParamName PER_PAGE = ParamName.of("per_page");
    private static final int PER_PAGE_UNLESS_ASKED = 100;
    private static final DateTimeFormatter TIMESTAMP =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'").withZone(ZoneOffset.UTC);

    private final Catalog catalog;
    private final IntegrationErrors errors;

    ErrorsResource(Catalog catalog, IntegrationErrors errors) {
        this.catalog = catalog;
        this.errors = errors;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        boolean deletes = route.is("DELETE", "services", "*", "errors");
        if (!deletes && !route.is("GET", "services", "*", "errors")) {
            return null;
        }
        String product = route.id(1);
        InternalAnswer.required(catalog.current().product(product), InternalAnswer.notFound("service not found"));
        if (deletes) {
            errors.delete(product);
            return InternalAnswer.word(200, "deleted");
        }
        Params params = new Params();
        String query = request.query();
        if (query != null && !params.query(query)) {
            return InternalAnswer.badRequest(params.fault() == null ? "the query cannot be read" : params.fault());
        }
        int perPage = number(params, PER_PAGE, PER_PAGE_UNLESS_ASKED);
        return perPage <= 0
                ? InternalAnswer.error(400, "per_page needs to be > 0")
                : page(product, Math.max(1, number(params, PAGE, 1)), perPage);
    }

    private InternalAnswer page(String product, int number, int perPage) {
        long from = Math.min((number - 1L) * perPage, IntegrationErrors.KEPT);
        IntegrationErrors.Page page = errors.newest(product, (int) from, Math.min(perPage, IntegrationErrors.KEPT));
        // Contexts are JSON already; read into trees they would take ten times the memory.
        StringBuilder json = new StringBuilder("{\"status\":\"found\",\"errors\":[");
        String separator = "";
        for (IntegrationError error : page.errors()) {
            String head = Json.object()
                    .put("code", error.code())
                    .put("message", error.message())
                    .put("timestamp", TIMESTAMP.format(Instant.ofEpochSecond(error.second())))
                    .toString();
            json.append(separator)
                    .append(head, 0, head.length() - 1)
                    .append(",\"context_info\":")
                    .append(error.context())
                    .append('}');
            separator = ",";
        }
        return InternalAnswer.of(200, json.append("],\"count\":").append(page.total()).append('}').toString());
    }

    /// As the original reads numbers: the digits that a text begins with, 0 if there are none.
    private static int number(Params params, ParamName name, int otherwise) {
        int node = params.find(name);
        if (!params.isGiven(node)) {
            return otherwise;
        }
        String text = params.text(node);
        int value = 0;
        for (int i = 0; text != null && i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            value = Math.min(value * 10 + digit, 1_000_000);
        }
        return value;
    }
}
