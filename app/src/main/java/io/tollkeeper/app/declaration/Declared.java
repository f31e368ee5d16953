package io.tollkeeper.app.declaration;

import java.util.HashMap;
import java.util.List;

import io.tollkeeper.core.proxy.ProxyConfig;

/// The products of a file. Immutable.
///
/// @param complete whether the file says all there is to know of a product (plans, applications, keys), as
///                 `tollkeeper.yaml` does; a 3scale document only tells the gateway's part, the rest is written through
///                 the Internal API
public record Declared(List<DeclaredProduct> products, boolean complete) {
    public static final Declared NOTHING = new Declared(List.of(), true);

    public Declared {
        products = List.copyOf(products);
    }

    /// The same, with the earlier instance of what the gateway serves already: a reload of thousands of products keeps no
    /// second copy of those that did not change.
    public Declared sharing(Declared before) {
        var earlier = new HashMap<String, ProxyConfig>();
        before.products().forEach(product -> earlier.put(product.id(), product.proxy()));
        return new Declared(products.stream().map(product -> {
            var known = earlier.get(product.id());
            return known != null && known != product.proxy() && known.equals(product.proxy()) ? product.with(known) : product;
        }).toList(), complete);
    }

    /// The gateway's part of all products.
    public List<ProxyConfig> proxies() {
        return products.stream().map(DeclaredProduct::proxy).toList();
    }
}
