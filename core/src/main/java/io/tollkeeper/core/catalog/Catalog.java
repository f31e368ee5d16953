package io.tollkeeper.core.catalog;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.core.event.AlertBins;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Blank;
import io.tollkeeper.core.usage.Period;
import org.jspecify.annotations.Nullable;

/// All products, tokens and provider keys, as one immutable snapshot behind one volatile. Lookups run on event loops
/// and never block; [#apply] is called by the one writer of the catalogue after the store committed.
public final class Catalog {

    /// What is true at one moment; read it once per request and ask it for everything.
    public static final class Snapshot {

        private final long sequence;
        private final Map<String, Product> products;
        private final @Nullable Product[] byNumber;
        private final Map<String, CatalogContent.Parts> parts;
        private final Set<ServiceToken> tokens;
        private final Map<String, String> defaults;
        private final Map<String, Set<String>> productsOfKey;

        private Snapshot(
                long sequence,
                Map<String, Product> products,
                Map<String, CatalogContent.Parts> parts,
                Set<ServiceToken> tokens,
                Map<String, String> defaults) {
            this.sequence = sequence;
            this.products = products;
            this.parts = parts;
            this.tokens = tokens;
            this.defaults = defaults;
            this.productsOfKey = new HashMap<>();
            int highest = -1;
            for (Product product : products.values()) {
                productsOfKey
                        .computeIfAbsent(product.settings().providerKey(), _ -> new HashSet<>())
                        .add(product.id());
                highest = Math.max(highest, product.number());
            }
            this.byNumber = new Product[highest + 1];
            for (Product product : products.values()) {
                byNumber[product.number()] = product;
            }
        }

        /// The same content under a later sequence: a change of applications touches nothing here.
        private Snapshot(long sequence, Snapshot same) {
            this.sequence = sequence;
            this.products = same.products;
            this.byNumber = same.byNumber;
            this.parts = same.parts;
            this.tokens = same.tokens;
            this.defaults = same.defaults;
            this.productsOfKey = same.productsOfKey;
        }

        /// Sequence of the last change included.
        public long sequence() {
            return sequence;
        }

        public @Nullable Product product(String productId) {
            return products.get(Identifier.normal(productId));
        }

        public @Nullable Product productNumbered(int number) {
            return number >= 0 && number < byNumber.length ? byNumber[number] : null;
        }

        public Collection<Product> products() {
            return products.values();
        }

        public boolean hasToken(String token, String productId) {
            return tokens.contains(new ServiceToken(Identifier.normal(token), Identifier.normal(productId)));
        }

        /// Ids of the products that a token is good for, for explanations: looks at every token.
        public Set<String> productIdsOfToken(String token) {
            String normal = Identifier.normal(token);
            Set<String> ids = new java.util.TreeSet<>();
            for (ServiceToken known : tokens) {
                if (known.token().equals(normal)) {
                    ids.add(known.productId());
                }
            }
            return ids;
        }

        /// The product that a provider key stands for when no service id is given, or none.
        public @Nullable String defaultProductId(String providerKey) {
            return defaults.get(Identifier.normal(providerKey));
        }

        /// Ids of the products of a provider key; empty if the key is unknown.
        public Set<String> productIds(String providerKey) {
            return Set.copyOf(productsOfKey.getOrDefault(Identifier.normal(providerKey), Set.of()));
        }

        /// Whether the caller's credentials are present and resolvable: the first four rows of the specification's
        /// table 5.1 (`null` = good so far). Blank texts count as absent.
        public CallerAccess.@Nullable Refused preflight(
                @Nullable String providerKey, @Nullable String token, @Nullable String productId) {
            if (providerKey != null && !Blank.is(providerKey)) {
                return null;
            }
            if (token == null || Blank.is(token)) {
                return new CallerAccess.Refused(
                        Reason.CALLER_CREDENTIALS_REQUIRED, "Provider key or service token are required");
            }
            if (productId == null || Blank.is(productId)) {
                return new CallerAccess.Refused(Reason.SERVICE_ID_MISSING, "Service ID is missing");
            }
            if (!hasToken(token, productId) || product(productId) == null) {
                return new CallerAccess.Refused(
                        Reason.SERVICE_TOKEN_INVALID,
                        "service token \"" + token + "\" or service id \"" + productId + "\" is invalid");
            }
            return null;
        }

        /// The whole of table 5.1, [#preflight] included.
        public CallerAccess access(
                @Nullable String providerKey, @Nullable String token, @Nullable String productId) {
            CallerAccess.Refused refused = preflight(providerKey, token, productId);
            if (refused != null) {
                return refused;
            }
            boolean named = productId != null && !Blank.is(productId);
            if (providerKey == null || Blank.is(providerKey)) {
                Product product = productId == null ? null : product(productId);
                return product == null ? invalidServiceId("") : new CallerAccess.Allowed(product);
            }
            if (!named || productId == null) {
                String byDefault = defaultProductId(providerKey);
                Product product = byDefault == null ? null : product(byDefault);
                return product == null
                        ? new CallerAccess.Refused(
                                Reason.PROVIDER_KEY_INVALID_OR_SERVICE_MISSING,
                                "provider key \"" + providerKey + "\" invalid and/or service ID missing")
                        : new CallerAccess.Allowed(product);
            }
            Product product = productByLooseId(productId);
            if (product == null) {
                return invalidServiceId(productId);
            }
            String key = Identifier.normal(providerKey);
            if (product.settings().providerKey().equals(key)) {
                return new CallerAccess.Allowed(product);
            }
            return productsOfKey.containsKey(key)
                    ? invalidServiceId(productId)
                    : new CallerAccess.Refused(
                            Reason.PROVIDER_KEY_INVALID, "provider key \"" + providerKey + "\" is invalid");
        }

        /// With a provider key the original looks up the part of the id after its last `-` first, then the whole.
        private @Nullable Product productByLooseId(String productId) {
            int dash = productId.lastIndexOf('-');
            Product product = dash < 0 ? null : product(productId.substring(dash + 1));
            return product == null ? product(productId) : product;
        }

        private static CallerAccess.Refused invalidServiceId(String productId) {
            return new CallerAccess.Refused(
                    Reason.SERVICE_ID_INVALID, "service id \"" + productId + "\" is invalid");
        }

        /// Metrics, limits and alert bins stored under an id whose product may not exist.
        public CatalogContent.Parts parts(String productId) {
            return parts.getOrDefault(Identifier.normal(productId), CatalogContent.Parts.NONE);
        }

        /// Default products by provider key.
        public Map<String, String> defaultProducts() {
            return Map.copyOf(defaults);
        }
    }

    private volatile Snapshot current;

    /// Takes over what the store holds.
    public Catalog(CatalogContent content) {
        Map<String, Product> products = new HashMap<>();
        for (ProductSettings settings : content.products()) {
            products.put(settings.id(), compile(settings, content.parts()));
        }
        this.current = new Snapshot(
                content.sequence(),
                products,
                new HashMap<>(content.parts()),
                new HashSet<>(content.tokens()),
                new HashMap<>(content.defaultProducts()));
    }

    private static Product compile(ProductSettings settings, Map<String, CatalogContent.Parts> parts) {
        CatalogContent.Parts own = parts.getOrDefault(settings.id(), CatalogContent.Parts.NONE);
        return new Product(settings, own.metrics(), own.limits(), own.alertBins());
    }

    public Snapshot current() {
        return current;
    }

    /// Takes over committed changes: recompiles the products they touch, swaps once.
    public synchronized void apply(CatalogCommit commit) {
        Snapshot before = current;
        long sequence = Math.max(before.sequence, commit.sequence());
        if (commit.changes().stream().allMatch(Catalog::concernsApplications)) {
            current = new Snapshot(sequence, before);
            return;
        }
        Draft draft = new Draft(before);
        for (CatalogChange change : commit.changes()) {
            draft.apply(change);
        }
        current = draft.finish(sequence);
    }

    /// Changes that [io.tollkeeper.core.authorize.Applications] takes over, not this snapshot.
    private static boolean concernsApplications(CatalogChange change) {
        return switch (change) {
            case CatalogChange.ApplicationSaved _,
                    CatalogChange.ApplicationDeleted _,
                    CatalogChange.UserKeySaved _,
                    CatalogChange.UserKeyDeleted _,
                    CatalogChange.ApplicationKeyAdded _,
                    CatalogChange.ApplicationKeyRemoved _,
                    CatalogChange.ReferrerFilterAdded _,
                    CatalogChange.ReferrerFilterRemoved _ -> true;
            case CatalogChange.ProductSaved _,
                    CatalogChange.ProductDeleted _,
                    CatalogChange.DefaultProductSet _,
                    CatalogChange.DefaultProductRemoved _,
                    CatalogChange.ProviderKeyChanged _,
                    CatalogChange.TokenSaved _,
                    CatalogChange.TokenDeleted _,
                    CatalogChange.MetricSaved _,
                    CatalogChange.MetricDeleted _,
                    CatalogChange.LimitSaved _,
                    CatalogChange.LimitDeleted _,
                    CatalogChange.AlertLimitAdded _,
                    CatalogChange.AlertLimitRemoved _ -> false;
        };
    }

    /// The next snapshot while it is put together; copies only what changes.
    private static final class Draft {

        private final Snapshot before;
        private final Map<String, ProductSettings> settings = new HashMap<>();
        private final Set<String> deleted = new HashSet<>();
        private final Map<String, CatalogContent.Parts> parts;
        private Set<ServiceToken> tokens;
        private final Map<String, String> defaults;
        private final Set<String> touched = new HashSet<>();

        Draft(Snapshot before) {
            this.before = before;
            this.parts = new HashMap<>(before.parts);
            this.tokens = before.tokens;
            this.defaults = new HashMap<>(before.defaults);
        }

        void apply(CatalogChange change) {
            switch (change) {
                case CatalogChange.ProductSaved(var product) -> save(product);
                case CatalogChange.ProductDeleted(var id) -> {
                    deleted.add(id);
                    settings.remove(id);
                    touched.add(id);
                }
                case CatalogChange.DefaultProductSet(var key, var id) -> defaults.put(key, id);
                case CatalogChange.DefaultProductRemoved(var key, _) -> defaults.remove(key);
                case CatalogChange.ProviderKeyChanged(var oldKey, var newKey, _) -> moveProducts(oldKey, newKey);
                case CatalogChange.TokenSaved(var token) -> tokens().add(token);
                case CatalogChange.TokenDeleted(var token) -> tokens().remove(token);
                case CatalogChange.MetricSaved(var id, var metric) -> {
                    List<Metric> metrics = new ArrayList<>(partsOf(id).metrics());
                    metrics.removeIf(other -> other.id().equals(metric.id()));
                    metrics.add(metric);
                    parts(id, metrics, partsOf(id).limits());
                }
                case CatalogChange.MetricDeleted(var id, var metricId) -> {
                    List<Metric> metrics = new ArrayList<>(partsOf(id).metrics());
                    metrics.removeIf(other -> other.id().equals(metricId));
                    parts(id, metrics, partsOf(id).limits());
                }
                case CatalogChange.LimitSaved(var id, var limit) -> {
                    List<UsageLimit> limits = new ArrayList<>(partsOf(id).limits());
                    limits.removeIf(other -> isSame(other, limit.planId(), limit.metricId(), limit.period()));
                    limits.add(limit);
                    parts(id, partsOf(id).metrics(), limits);
                }
                case CatalogChange.LimitDeleted(var id, var planId, var metricId, var period) -> {
                    List<UsageLimit> limits = new ArrayList<>(partsOf(id).limits());
                    limits.removeIf(other -> isSame(other, planId, metricId, period));
                    parts(id, partsOf(id).metrics(), limits);
                }
                case CatalogChange.AlertLimitAdded(var id, var percent) ->
                    alertBins(id, partsOf(id).alertBins() | AlertBins.mask(percent));
                case CatalogChange.AlertLimitRemoved(var id, var percent) ->
                    alertBins(id, partsOf(id).alertBins() & ~AlertBins.mask(percent));
                case CatalogChange.ApplicationSaved _,
                        CatalogChange.ApplicationDeleted _,
                        CatalogChange.UserKeySaved _,
                        CatalogChange.UserKeyDeleted _,
                        CatalogChange.ApplicationKeyAdded _,
                        CatalogChange.ApplicationKeyRemoved _,
                        CatalogChange.ReferrerFilterAdded _,
                        CatalogChange.ReferrerFilterRemoved _ -> {
                    // applications are not part of this snapshot: authorize.Applications takes these
                }
            }
        }

        private static boolean isSame(
                UsageLimit limit, String planId, String metricId, Period period) {
            return limit.planId().equals(planId) && limit.metricId().equals(metricId) && limit.period() == period;
        }

        private void save(ProductSettings product) {
            settings.put(product.id(), product);
            deleted.remove(product.id());
            touched.add(product.id());
        }

        private void moveProducts(String oldKey, String newKey) {
            List<ProductSettings> all = new ArrayList<>(settings.values());
            for (Product product : before.products.values()) {
                if (!settings.containsKey(product.id()) && !deleted.contains(product.id())) {
                    all.add(product.settings());
                }
            }
            for (ProductSettings product : all) {
                if (product.providerKey().equals(oldKey)) {
                    save(product.withProviderKey(newKey));
                }
            }
            String byDefault = defaults.remove(oldKey);
            if (byDefault != null) {
                defaults.put(newKey, byDefault);
            }
        }

        private Set<ServiceToken> tokens() {
            if (tokens == before.tokens) {
                tokens = new HashSet<>(tokens);
            }
            return tokens;
        }

        private CatalogContent.Parts partsOf(String productId) {
            return parts.getOrDefault(productId, CatalogContent.Parts.NONE);
        }

        private void parts(String productId, List<Metric> metrics, List<UsageLimit> limits) {
            parts.put(productId, new CatalogContent.Parts(metrics, limits, partsOf(productId).alertBins()));
            touched.add(productId);
        }

        private void alertBins(String productId, int bins) {
            CatalogContent.Parts before = partsOf(productId);
            parts.put(productId, new CatalogContent.Parts(before.metrics(), before.limits(), bins));
            touched.add(productId);
        }

        Snapshot finish(long sequence) {
            Map<String, Product> products = new HashMap<>(before.products);
            for (String id : touched) {
                Product old = products.get(id);
                ProductSettings now = settings.getOrDefault(id, old == null ? null : old.settings());
                if (now == null || deleted.contains(id)) {
                    products.remove(id);
                } else {
                    products.put(id, compile(now, parts));
                }
            }
            return new Snapshot(sequence, products, parts, tokens, defaults);
        }
    }
}
