package io.tollkeeper.gateway.sync;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.gateway.exchange.Service;
import io.tollkeeper.gateway.jwt.Issuers;
import io.tollkeeper.gateway.policy.PolicyChain;
import io.tollkeeper.gateway.route.Route;
import io.tollkeeper.gateway.route.RouteTable;
import io.tollkeeper.gateway.route.ServiceRouter;

/// Takes configurations over. A new one is compiled completely before one write puts it in force; requests under way keep
/// the one they started with. A product with errors keeps its last good form, or, without one, answers 503. Products that
/// did not change keep their compiled form. Any thread, one at a time; may take its time.
public final class ConfigurationSync {

    private final ProductCompiler compiler;
    private final ServiceRouter router;
    private final Issuers issuers;
    /// Last good forms by product.
    private Map<String, Route> good = Map.of();
    private long version;

    public ConfigurationSync(ProductCompiler compiler, ServiceRouter router, Issuers issuers) {
        this.compiler = compiler;
        this.router = router;
        this.issuers = issuers;
    }

    /// Puts these products in force, and only these. Tells what is wrong with them; an error concerns its product only.
    public synchronized List<Finding> apply(List<ProxyConfig> products) {
        List<Finding> findings = new ArrayList<>();
        Map<String, Route> compiled = new HashMap<>();
        Map<String, Route> byHost = new HashMap<>();
        Set<String> seen = new HashSet<>();
        for (ProxyConfig config : products) {
            if (!seen.add(config.productId())) {
                ProductCompiler.warning(findings, config, "id", "is used twice; the first product of this id is served");
                continue;
            }
            Route route = routeOf(config, findings);
            if (!route.service().isBroken()) {
                compiled.put(config.productId(), route);
            }
            claimHosts(config, route, byHost, findings);
        }
        good = compiled;
        router.replace(new RouteTable(++version, byHost));
        issuers.serve(compiled.values().stream().map(Route::openId).filter(Objects::nonNull).toList());
        return List.copyOf(findings);
    }

    /// What [#apply] would complain about; puts nothing in force.
    public synchronized List<Finding> check(List<ProxyConfig> products) {
        List<Finding> findings = new ArrayList<>();
        for (ProxyConfig config : products) {
            routeOf(config, findings);
        }
        return List.copyOf(findings);
    }

    private Route routeOf(ProxyConfig config, List<Finding> findings) {
        Route known = good.get(config.productId());
        if (known != null && (known.service().config() == config || known.service().config().equals(config))) {
            return known;
        }
        Route fresh = compiler.compile(config, findings);
        if (fresh != null) {
            return fresh;
        }
        return known != null ? known : new Route(Service.broken(config), new PolicyChain(List.of()), null, null);
    }

    private static void claimHosts(
            ProxyConfig config, Route route, Map<String, Route> byHost, List<Finding> findings) {
        for (String host : config.hosts()) {
            Route owner = byHost.putIfAbsent(host.toLowerCase(Locale.ROOT), route);
            if (owner != null && owner != route) {
                ProductCompiler.warning(findings, config, "hosts",
                        host + " belongs to product " + owner.service().id() + " already, which keeps it");
            }
        }
    }
}
