package io.tollkeeper.testkit.store;

import io.tollkeeper.core.catalog.CatalogStore;

class MemoryCatalogStoreTest extends CatalogStoreContract {

    private final MemoryCatalogStore store = new MemoryCatalogStore();

    @Override
    protected CatalogStore store() {
        return store;
    }
}
