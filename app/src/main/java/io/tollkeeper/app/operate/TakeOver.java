package io.tollkeeper.app.operate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.Declared;
import io.tollkeeper.app.declaration.DeclaredProduct;
import io.tollkeeper.app.declaration.Ownership;
import io.tollkeeper.app.declaration.Reconciliation;
import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogChange;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.CatalogStoreException;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.Finding.Severity;
import io.tollkeeper.core.proxy.ProxyConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts a configuration into force: checks that it can be compiled, saves to the store what is new, swaps the
/// gateway's routes, removes from the store what is gone. Blocks; one at a time.
public final class TakeOver implements LiveConfiguration.TakeOver {
    private static final Logger log = LoggerFactory.getLogger(TakeOver.class);

    /// A document may hold thousands of products: nobody reads as many lines of the log.
    private static final int MOST_TOLD = 50;

    /// What serves the products' proxies.
    public interface Routes {

        /// What [#apply] would complain about.
        List<Finding> check(List<ProxyConfig> products);

        /// Puts them in force.
        List<Finding> apply(List<ProxyConfig> products);

        /// Without a gateway there is nothing to route.
        Routes NONE = new Routes() {
            @Override public List<Finding> check(List<ProxyConfig> products) {
                return List.of();
            }

            @Override public List<Finding> apply(List<ProxyConfig> products) {
                return List.of();
            }
        };
    }

    private final Routes routes;
    private final CatalogWriter writer;
    private final Catalog catalog;
    private final CatalogStore store;
    private final Path folder;

    /// @param folder the data folder
    public TakeOver(Routes routes, CatalogWriter writer, Catalog catalog, CatalogStore store, Path folder) {
        this.routes = routes;
        this.writer = writer;
        this.catalog = catalog;
        this.store = store;
        this.folder = folder;
    }

    @Override public LiveConfiguration.Took takeOver(Configuration next) {
        var proxies = next.declared().proxies();
        // Whoever writes a file of ours mends all of it; of a document of 3scale's the other products are served.
        var errors = next.declared().complete() ? routes.check(proxies).stream().filter(Finding::isError).toList() : List.<Finding>of();
        if (!errors.isEmpty()) {
            return new LiveConfiguration.Took.Nothing(errors);
        }
        try {
            var owned = Ownership.read(folder);
            var plan = save(next.declared(), owned);
            var ofProducts = apply(routes, proxies);
            writer.write(plan.after());
            plan.then().write(folder);
            tellStrangers(next.declared());
            return new LiveConfiguration.Took.Over(ofProducts);
        } catch (IOException | CatalogStoreException e) {
            log.error("the store does not take the configuration", e);
            return new LiveConfiguration.Took.Nothing(
                    List.of(new Finding(Severity.ERROR, folder.toString(), 0, 0, "", e.getMessage() == null ? e.toString() : e.getMessage(), null)));
        }
    }

    /// For a gateway without a store: routes only.
    public static LiveConfiguration.TakeOver ofRoutes(Routes routes) {
        return next -> {
            var proxies = next.declared().proxies();
            var errors = next.declared().complete() ? routes.check(proxies).stream().filter(Finding::isError).toList() : List.<Finding>of();
            return errors.isEmpty() ? new LiveConfiguration.Took.Over(apply(routes, proxies)) : new LiveConfiguration.Took.Nothing(errors);
        };
    }

    private static List<Finding> apply(Routes routes, List<ProxyConfig> proxies) {
        var findings = routes.apply(proxies);
        int told = 0;
        for (var finding : findings) {
            if (++told > MOST_TOLD) {
                log.warn("{} more findings (tollkeeper check tells all)", findings.size() - MOST_TOLD);
                break;
            }
            if (finding.isError()) {
                log.error("{}: this product is not taken over", finding.text());
            } else {
                log.warn("{}", finding.text());
            }
        }
        return findings;
    }

    /// Saves what is new. What the file will own is noted before it is saved: were it noted afterwards, a crash in between
    /// would leave products that no later file could remove.
    private Reconciliation save(Declared declared, Ownership owned) throws IOException {
        Reconciliation.of(declared, catalog.current(), store, owned).then().with(owned).write(folder);
        var plan = new AtomicReference<Reconciliation>();
        writer.write((Catalog.Snapshot now) -> {
            var made = Reconciliation.of(declared, now, store, owned);
            plan.set(made);
            return List.<CatalogChange>copyOf(made.before());
        });
        return plan.get();
    }

    /// A 3scale document has only the gateway's half of a product.
    private void tellStrangers(Declared declared) {
        if (!declared.complete()) {
            var strangers = declared.products().stream().map(DeclaredProduct::id).filter(id -> catalog.current().product(id) == null).toList();
            strangers.stream().limit(MOST_TOLD).forEach(id ->
                    log.warn("product {} is not known to the meter: its calls are refused until it is created through the Internal API", id));
            if (strangers.size() > MOST_TOLD) {
                log.warn("{} more products are not known to the meter", strangers.size() - MOST_TOLD);
            }
        }
    }
}
