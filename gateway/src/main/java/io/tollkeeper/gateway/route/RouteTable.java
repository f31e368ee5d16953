package io.tollkeeper.gateway.route;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.gateway.rules.RuleScratch;
import io.tollkeeper.http.Upstream;
import org.jspecify.annotations.Nullable;

/// All products by host: one version of the configuration. Immutable; an exchange keeps to the one it started with.
public final class RouteTable {

    /// Before the first configuration.
    static final RouteTable EMPTY = of(0, List.of(), PathRouting.OFF, null);

    private final long version;
    private final PathRouting routing;
    private final Map<String, Route> byHost;
    /// By host, where rules decide.
    private final Map<String, PathIndex> byPath;
    private final Set<Upstream> upstreams;
    private final int products;

    private RouteTable(
            long version, PathRouting routing, Map<String, Route> byHost, Map<String, PathIndex> byPath, List<Route> routes) {
        this.version = version;
        this.routing = routing;
        this.byHost = byHost;
        this.byPath = byPath;
        this.upstreams = upstreamsOf(routes);
        this.products = routes.size();
    }

    /// @param claims each product and the hosts (lower case, without port) that it wants, in the order of the document
    /// @param before the table in force, of which parts are used again where nothing changed
    public static RouteTable of(long version, List<Claim> claims, PathRouting routing, @Nullable RouteTable before) {
        Map<String, Route> first = HashMap.newHashMap(claims.size());
        Map<String, List<Route>> sharing = new HashMap<>();
        for (Claim claim : claims) {
            for (String host : claim.hosts()) {
                first.putIfAbsent(host, claim.route());
                if (routing != PathRouting.OFF) {
                    sharing.computeIfAbsent(host, _ -> new ArrayList<>(1)).add(claim.route());
                }
            }
        }
        Map<String, PathIndex> byPath = new HashMap<>();
        sharing.forEach((host, candidates) -> {
            if (routing == PathRouting.ONLY || candidates.size() > 1) {
                byPath.put(host, PathIndex.of(candidates, before == null ? null : before.byPath.get(host)));
            }
        });
        return new RouteTable(version, routing, first, byPath,
                claims.stream().filter(claim -> !claim.hosts().isEmpty()).map(Claim::route).toList());
    }

    /// A product and the hosts that it wants.
    public record Claim(Route route, List<String> hosts) {}

    public long version() {
        return version;
    }

    /// The product that owns this host (lower case, without port), or none. Where rules decide, the first of its products.
    public @Nullable Route find(String host) {
        return byHost.get(host);
    }

    /// The product of a request, or none.
    ///
    /// @param path in normal form
    public @Nullable Route find(String host, String method, String path, @Nullable String query, RuleScratch scratch) {
        if (routing == PathRouting.OFF) {
            return byHost.get(host);
        }
        PathIndex index = byPath.get(host);
        if (index == null) {
            return byHost.get(host);
        }
        Route chosen = index.find(method, path, query, scratch);
        return chosen == null && routing == PathRouting.ON ? byHost.get(host) : chosen;
    }

    private static Set<Upstream> upstreamsOf(Collection<Route> routes) {
        Set<Upstream> upstreams = new HashSet<>();
        for (Route route : routes) {
            if (route.upstream() != null) {
                upstreams.add(route.upstream());
            }
        }
        return Set.copyOf(upstreams);
    }

    /// Whom the products' calls go to, each once.
    public Set<Upstream> upstreams() {
        return upstreams;
    }

    /// How many products have a host.
    public int productCount() {
        return products;
    }

    /// What to tell about a request that is for no product. Looks at no more than a few thousand hosts.
    ///
    /// @param asked method and path
    public String nearMiss(String host, String asked) {
        return byHost.containsKey(host)
                ? "no product of host " + shortened(host) + " has a rule for " + shortened(asked)
                        + ", and gateway.path-routing is only"
                : nearMiss(host);
    }

    private String nearMiss(String host) {
        String asked = host.isEmpty() ? "the request names no host" : "host " + shortened(host) + " belongs to no product";
        if (byHost.isEmpty()) {
            return asked + "; no product has a host at all";
        }
        String nearest = null;
        int best = Math.max(2, Math.min(host.length(), 255) / 3);
        int looked = 0;
        for (String known : byHost.keySet()) {
            if (looked++ == 2_000) {
                break;
            }
            int distance = known.endsWith("." + host) || host.endsWith("." + known) ? 1 : distance(host, known, best);
            if (distance < best || distance == best && nearest == null) {
                best = distance;
                nearest = known;
            }
        }
        return nearest == null
                ? asked + "; nothing like it among " + byHost.size() + " hosts"
                : asked + "; nearest is " + nearest.toLowerCase(Locale.ROOT);
    }

    private static String shortened(String host) {
        return host.length() <= 100 ? host : host.substring(0, 100) + "…";
    }

    /// Edit distance, or more than `most`.
    private static int distance(String a, String b, int most) {
        if (Math.abs(a.length() - b.length()) > most || a.length() > 255) {
            return most + 1;
        }
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int up = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(Math.min(up, row[j - 1]) + 1, change);
                diagonal = up;
            }
        }
        return row[b.length()];
    }
}
