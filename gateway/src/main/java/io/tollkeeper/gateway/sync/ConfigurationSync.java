package io.tollkeeper.gateway.sync;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.gateway.exchange.Service;
import io.tollkeeper.gateway.jwt.Issuers;
import io.tollkeeper.gateway.metrics.ProductMetricsRegistry;
import io.tollkeeper.gateway.policy.BuiltinPolicies;
import io.tollkeeper.gateway.policy.PolicyChain;
import io.tollkeeper.gateway.route.PathRouting;
import io.tollkeeper.gateway.route.Route;
import io.tollkeeper.gateway.route.RouteTable;
import io.tollkeeper.gateway.route.RouteTable.Claim;
import io.tollkeeper.gateway.route.ServiceRouter;
import org.jspecify.annotations.Nullable;

/// Takes configurations over. A new one is compiled completely before one write puts it in force; requests under way keep
/// the one they started with. A product with errors keeps its last good form, or, without one, answers 503. Products that
/// did not change keep their compiled form. Any thread, one at a time; may take its time.
public final class ConfigurationSync {

    private final ProductCompiler compiler;
    private final ServiceRouter router;
    private final Issuers issuers;
    private final PathRouting routing;
    private final ProductMetricsRegistry counted;
    /// Last good forms by product.
    private Map<String, Compiled> good = Map.of();
    private long version;

    public ConfigurationSync(
            ProductCompiler compiler, ServiceRouter router, PathRouting routing, Issuers issuers, ProductMetricsRegistry counted) {
        this.compiler = compiler;
        this.router = router;
        this.routing = routing;
        this.issuers = issuers;
        this.counted = counted;
    }

    /// A product's good form and the doubts about it, which are told again with every configuration that has it.
    private record Compiled(Route route, List<Finding> doubts) {}

    /// Products made ready, in the order of the configuration.
    private record Ready(Map<String, Compiled> good, List<Claim> claims, List<Finding> findings) {}

    /// Puts these products in force, and only these. Tells what is wrong with them; an error concerns its product only.
    public synchronized List<Finding> apply(List<ProxyConfig> products) {
        Ready ready = ready(products);
        good = ready.good();
        router.replace(RouteTable.of(++version, ready.claims(), routing, router.current()));
        issuers.serve(good.values().stream().map(now -> now.route().openId()).filter(Objects::nonNull).toList());
        counted.keepOnly(good.values().stream()
                .map(now -> now.route().service().counted())
                .filter(Objects::nonNull)
                .collect(Collectors.toSet()));
        return List.copyOf(ready.findings());
    }

    /// What [#apply] would complain about; puts nothing in force.
    public synchronized List<Finding> check(List<ProxyConfig> products) {
        return List.copyOf(ready(products).findings());
    }

    private Ready ready(List<ProxyConfig> products) {
        List<Finding> findings = new ArrayList<>();
        Map<String, Compiled> compiled = HashMap.newHashMap(products.size());
        Map<String, Route> owners = HashMap.newHashMap(products.size());
        List<Claim> claims = new ArrayList<>(products.size());
        Set<String> seen = HashSet.newHashSet(products.size());
        for (ProxyConfig config : products) {
            if (!seen.add(config.productId())) {
                ProductCompiler.warning(findings, config, "id", "is used twice; the first product of this id is served");
                continue;
            }
            Compiled now = compiled(config, findings);
            Route route = now == null
                    ? new Route(Service.broken(config, BuiltinPolicies.answerToFailure(config.policies())),
                            new PolicyChain(List.of()), null, null)
                    : now.route();
            if (now != null) {
                compiled.put(config.productId(), now);
            }
            List<String> hosts = lowerCase(config.hosts());
            claims.add(new Claim(route, hosts));
            if (routing == PathRouting.OFF) {
                tellSharedHosts(config, hosts, route, owners, findings);
            }
        }
        return new Ready(compiled, claims, findings);
    }

    /// The form in which the product is to be served: a new one, the last good one if the new one has errors, or none.
    private @Nullable Compiled compiled(ProxyConfig config, List<Finding> findings) {
        Compiled known = good.get(config.productId());
        if (known != null && isOf(known.route(), config)) {
            findings.addAll(known.doubts());
            return known;
        }
        int before = findings.size();
        Route fresh = compiler.compile(config, findings);
        return fresh == null ? known : new Compiled(fresh, List.copyOf(findings.subList(before, findings.size())));
    }

    private static boolean isOf(Route route, ProxyConfig config) {
        return route.service().config() == config || route.service().config().equals(config);
    }

    private static List<String> lowerCase(List<String> hosts) {
        for (String host : hosts) {
            if (!host.equals(host.toLowerCase(Locale.ROOT))) {
                return hosts.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
            }
        }
        return hosts;
    }

    private static void tellSharedHosts(
            ProxyConfig config, List<String> hosts, Route route, Map<String, Route> owners, List<Finding> findings) {
        for (int i = 0; i < hosts.size(); i++) {
            Route owner = owners.putIfAbsent(hosts.get(i), route);
            if (owner != null && owner != route) {
                ProductCompiler.warning(findings, config, "hosts",
                        config.hosts().get(i) + " belongs to product " + owner.service().id() + " already, which keeps it");
            }
        }
    }
}
