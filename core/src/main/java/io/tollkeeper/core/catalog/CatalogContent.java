package io.tollkeeper.core.catalog;

import java.util.List;
import java.util.Map;

import io.tollkeeper.core.event.AlertBins;

/// Everything of the catalogue that lives in memory (applications do not), read in one transaction at start.
/// `parts` also holds the metrics, limits and alert bins of products that were deleted or never saved.
public record CatalogContent(
        long sequence,
        List<ProductSettings> products,
        Map<String, Parts> parts,
        List<ServiceToken> tokens,
        Map<String, String> defaultProducts) {

    /// Nothing yet.
    public static final CatalogContent EMPTY = new CatalogContent(0, List.of(), Map.of(), List.of(), Map.of());

    public CatalogContent {
        products = List.copyOf(products);
        parts = Map.copyOf(parts);
        tokens = List.copyOf(tokens);
        defaultProducts = Map.copyOf(defaultProducts);
    }

    /// Metrics, limits and enabled alert bins (a mask, see [AlertBins]) under one product id.
    public record Parts(List<Metric> metrics, List<UsageLimit> limits, int alertBins) {

        public static final Parts NONE = new Parts(List.of(), List.of(), 0);

        public Parts {
            metrics = List.copyOf(metrics);
            limits = List.copyOf(limits);
        }

        /// Without alerts.
        public Parts(List<Metric> metrics, List<UsageLimit> limits) {
            this(metrics, limits, 0);
        }
    }
}
