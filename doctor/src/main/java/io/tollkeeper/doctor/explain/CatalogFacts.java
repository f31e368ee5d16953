package io.tollkeeper.doctor.explain;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.Identifier;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.reason.Reason;

/// What the catalogue knows around a refused call: the near misses that whoever has to mend it would look for. Asked
/// when somebody wants an explanation, so it tells of the catalogue as it is then. Blocks.
public final class CatalogFacts {

    private static final int PRODUCTS_LOOKED_AT = 500;

    private final Catalog catalog;
    private final CatalogStore store;

    public CatalogFacts(Catalog catalog, CatalogStore store) {
        this.catalog = catalog;
        this.store = store;
    }

    /// Lines of evidence; none where nothing is known.
    public List<String> about(FlightRecord record) {
        String productId = record.productId();
        Product product = productId == null ? null : catalog.current().product(productId);
        String asked = record.applicationId();
        if (product == null || asked == null || record.reason() != Reason.APPLICATION_NOT_FOUND) {
            return List.of();
        }
        List<String> facts = new ArrayList<>();
        String id = Identifier.normal(asked);
        if (store.application(product.id(), id) != null) {
            facts.add("application " + asked + " exists by now");
            return facts;
        }
        for (String other : spellings(asked)) {
            if (store.application(product.id(), other) != null) {
                facts.add("this product has an application \"" + other + "\" (blanks and letter case count)");
            }
        }
        String owner = store.applicationIdOfUserKey(product.id(), id);
        if (owner != null) {
            facts.add("what was sent as app_id is the user key of application " + owner);
        }
        siblings(product, id, facts);
        return facts;
    }

    private static Set<String> spellings(String asked) {
        Set<String> all = new LinkedHashSet<>();
        for (String text : List.of(asked.strip(), asked.toLowerCase(Locale.ROOT), asked.toUpperCase(Locale.ROOT),
                asked.strip().toLowerCase(Locale.ROOT), asked.strip().toUpperCase(Locale.ROOT))) {
            all.add(Identifier.normal(text));
        }
        all.remove(Identifier.normal(asked));
        return all;
    }

    private void siblings(Product product, String id, List<String> facts) {
        List<String> having = new ArrayList<>();
        int looked = 0;
        for (String sibling : catalog.current().productIds(product.settings().providerKey())) {
            if (!sibling.equals(product.id()) && looked++ < PRODUCTS_LOOKED_AT && store.application(sibling, id) != null) {
                having.add(sibling);
            }
        }
        if (!having.isEmpty()) {
            facts.add("an application of this id belongs to "
                    + (having.size() == 1 ? "product " : "products ") + String.join(", ", having.stream().sorted().limit(5).toList())
                    + ": the call may have been meant for it");
        }
    }
}
