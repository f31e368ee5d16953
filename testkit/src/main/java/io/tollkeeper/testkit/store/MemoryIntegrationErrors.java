package io.tollkeeper.testkit.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.integration.IntegrationError;
import io.tollkeeper.core.integration.IntegrationErrors;

/// Integration errors in memory. Any thread.
public final class MemoryIntegrationErrors implements IntegrationErrors {

    private final Map<String, Deque<IntegrationError>> products = new HashMap<>();

    @Override
    public synchronized void add(IntegrationError error) {
        Deque<IntegrationError> errors = products.computeIfAbsent(error.productId(), _ -> new ArrayDeque<>());
        errors.addFirst(error);
        if (errors.size() > KEPT) {
            errors.removeLast();
        }
    }

    @Override
    public synchronized Page newest(String productId, int from, int limit) {
        List<IntegrationError> all = new ArrayList<>(products.getOrDefault(productId, new ArrayDeque<>()));
        int start = Math.min(from, all.size());
        return new Page(all.subList(start, Math.min(start + limit, all.size())), all.size());
    }

    @Override
    public synchronized void delete(String productId) {
        products.remove(productId);
    }

    @Override
    public long lost() {
        return 0;
    }
}
