package io.tollkeeper.core.catalog;

import java.util.List;

/// Changes as they were committed, with the numbers that the store assigned, and the catalogue's sequence after them.
public record CatalogCommit(long sequence, List<CatalogChange> changes) {

    public CatalogCommit {
        changes = List.copyOf(changes);
    }
}
