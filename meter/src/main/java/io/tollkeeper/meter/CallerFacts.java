package io.tollkeeper.meter;

import java.util.Set;

import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.flight.FlightRecord;

/// What is known of credentials that were refused: for operators, never for the caller, who may be a stranger. Looks at
/// all products and tokens, hence only for records that are kept. Pure functions.
final class CallerFacts {

    private CallerFacts() {}

    static void tell(Caller caller, Catalog.Snapshot catalog, FlightRecord record) {
        String providerKey = caller.providerKey();
        String token = caller.token();
        String serviceId = caller.serviceId();
        if (providerKey != null) {
            Set<String> products = catalog.productIds(providerKey);
            record.note(products.isEmpty()
                    ? "no product has this provider key"
                    : "the provider key has " + some(products) + (serviceId == null ? ", none of them its default" : ""));
            if (token != null) {
                record.note("the service token beside it was not looked at: a provider key comes first");
            }
        } else if (token != null) {
            Set<String> products = catalog.productIdsOfToken(token);
            record.note(products.isEmpty() ? "no product has this service token" : "the service token is good for " + some(products));
        }
        if (serviceId != null) {
            service(serviceId, catalog, record);
        }
    }

    private static void service(String id, Catalog.Snapshot catalog, FlightRecord record) {
        if (catalog.product(id) != null) {
            record.note("product " + id + " exists, but not for these credentials");
            return;
        }
        String plain = id.strip();
        for (Product product : catalog.products()) {
            if (product.id().equalsIgnoreCase(plain)) {
                record.note("there is no product \"" + id + "\", but " + product.id()
                        + " (blanks and letter case count)");
                return;
            }
        }
        record.note("there is no product " + id);
    }

    private static String some(Set<String> products) {
        return products.size() == 1
                ? "product " + products.iterator().next()
                : products.size() <= 5 ? "products " + String.join(", ", products) : products.size() + " products";
    }
}
