package io.tollkeeper.store.integration;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.integration.IntegrationError;
import io.tollkeeper.core.integration.IntegrationErrors;

/// Errors on their way to the disk, per product, within a bound of memory. Not thread-safe: guarded by its owner.
///
/// More than are kept of one product need not be written at all: the oldest of them go, and nobody misses them. Beyond
/// the bound of memory the oldest of whoever waits longest go.
final class WaitingErrors {

    private final long bound;
    private final Map<String, ArrayDeque<IntegrationError>> products = new LinkedHashMap<>();
    private long weight;

    WaitingErrors(long bound) {
        this.bound = bound;
    }

    /// Adds one; how many others were given up for it.
    int add(IntegrationError error) {
        ArrayDeque<IntegrationError> own = products.computeIfAbsent(error.productId(), _ -> new ArrayDeque<>());
        own.add(error);
        weight += error.weight();
        if (own.size() > IntegrationErrors.KEPT) {
            weight -= own.remove().weight();
        }
        int lost = 0;
        while (weight > bound) {
            dropOne();
            lost++;
        }
        return lost;
    }

    private void dropOne() {
        Iterator<ArrayDeque<IntegrationError>> longest = products.values().iterator();
        ArrayDeque<IntegrationError> errors = longest.next();
        weight -= errors.remove().weight();
        if (errors.isEmpty()) {
            longest.remove();
        }
    }

    /// Takes all, each product's in the order of arrival.
    List<IntegrationError> takeAll() {
        List<IntegrationError> all = new ArrayList<>();
        products.values().forEach(all::addAll);
        products.clear();
        weight = 0;
        return all;
    }

    boolean isEmpty() {
        return products.isEmpty();
    }

    long weight() {
        return weight;
    }
}
