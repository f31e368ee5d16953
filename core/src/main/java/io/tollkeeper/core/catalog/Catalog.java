package io.tollkeeper.core.catalog;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// All products, tokens and provider keys, as one immutable snapshot behind one volatile. Lookups run on event loops
/// and never block; [#apply] is called by the one writer of the catalogue after the store committed.
public final class Catalog {

    /// What is true at one moment; read it once per request and ask it for everything.
    public static final class Snapshot {

        /// Sequence of the last change included.
        public long sequence() {
            throw new IllegalStateException("being built");
        }

        public @Nullable Product product(String productId) {
            throw new IllegalStateException("being built: " + productId);
        }

        public @Nullable Product productNumbered(int number) {
            throw new IllegalStateException("being built: " + number);
        }

        public Collection<Product> products() {
            throw new IllegalStateException("being built");
        }

        public boolean hasToken(String token, String productId) {
            throw new IllegalStateException("being built: " + token + productId);
        }

        /// The product that a provider key stands for when no service id is given, or none.
        public @Nullable String defaultProductId(String providerKey) {
            throw new IllegalStateException("being built: " + providerKey);
        }

        /// Ids of the products of a provider key; empty if the key is unknown.
        public Set<String> productIds(String providerKey) {
            throw new IllegalStateException("being built: " + providerKey);
        }

        /// Whether the caller's credentials are present and resolvable: the first four rows of the specification's
        /// table 5.1 (`null` = good so far). Blank texts count as absent.
        public CallerAccess.@Nullable Refused preflight(
                @Nullable String providerKey, @Nullable String token, @Nullable String productId) {
            throw new IllegalStateException("being built: " + providerKey + token + productId);
        }

        /// The whole of table 5.1, [#preflight] included.
        public CallerAccess access(
                @Nullable String providerKey, @Nullable String token, @Nullable String productId) {
            throw new IllegalStateException("being built: " + providerKey + token + productId);
        }

        /// Metrics and limits stored under an id whose product may not exist.
        public CatalogContent.Parts parts(String productId) {
            throw new IllegalStateException("being built: " + productId);
        }

        /// Default products by provider key.
        public Map<String, String> defaultProducts() {
            throw new IllegalStateException("being built");
        }
    }

    private volatile Snapshot current = new Snapshot();

    /// Takes over what the store holds.
    public Catalog(CatalogContent content) {
        if (content.sequence() < 0) {
            throw new IllegalArgumentException("sequence " + content.sequence());
        }
    }

    public Snapshot current() {
        return current;
    }

    /// Takes over committed changes: recompiles the products they touch, swaps once.
    public void apply(CatalogCommit commit) {
        current = new Snapshot();
        throw new IllegalStateException("being built: " + commit);
    }
}
