package io.tollkeeper.core.integration;

import java.util.List;

import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogCommit;

/// The integration errors of all products: the newest [#KEPT] of each. Written behind the callers' backs and bounded,
/// so that whoever makes mistakes by the thousand costs neither answers nor memory nor disk.
public interface IntegrationErrors {

    /// Errors kept per product.
    int KEPT = 1_000;

    /// Keeps an error. Never blocks; on event loops.
    void add(IntegrationError error);

    /// Errors of a product, newest first, from the `from`-th on (0 is the newest). Sees all that were added before.
    /// Blocks.
    Page newest(String productId, int from, int limit);

    /// Forgets all errors of a product that were added before. Blocks.
    void delete(String productId);

    /// Forgets the errors of products that a change of the catalogue removed. Blocks.
    default void forget(CatalogCommit commit) {
        for (CatalogChange change : commit.changes()) {
            if (change instanceof CatalogChange.ProductDeleted(var productId)) {
                delete(productId);
            }
        }
    }

    /// How many errors could not be kept since the start: more came than could be written, or the disk failed.
    long lost();

    /// Some errors of a product, newest first, and how many it has.
    record Page(List<IntegrationError> errors, int total) {

        public Page {
            errors = List.copyOf(errors);
        }
    }
}
