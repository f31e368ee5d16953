package io.tollkeeper.gateway.metrics;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import org.jspecify.annotations.Nullable;

/// The products that have metrics of their own. Bounded: whoever comes after the first thousand is counted with the
/// unlabelled rest, so that a page of metrics stays a page. Any thread.
public final class ProductMetricsRegistry {

    static final int MOST = 1_000;

    private final boolean wanted;
    private final int loops;
    private final ConcurrentMap<Key, ProductMetrics> known = new ConcurrentHashMap<>();

    private record Key(String productId, String systemName) {}

    /// @param wanted whether there are labels per product at all
    public ProductMetricsRegistry(boolean wanted, int loops) {
        this.wanted = wanted;
        this.loops = loops;
    }

    /// The metrics of a product, the same as long as its names are; none if they are not wanted or too many.
    public @Nullable ProductMetrics of(String productId, String systemName) {
        Key key = new Key(productId, systemName);
        ProductMetrics before = known.get(key);
        return before != null ? before
                : !wanted || known.size() >= MOST ? null
                : known.computeIfAbsent(key, _ -> new ProductMetrics(productId, systemName, loops));
    }

    /// Forgets products that are served no more.
    public void keepOnly(Set<ProductMetrics> served) {
        known.values().retainAll(served);
    }

    Collection<ProductMetrics> all() {
        return List.copyOf(known.values());
    }
}
