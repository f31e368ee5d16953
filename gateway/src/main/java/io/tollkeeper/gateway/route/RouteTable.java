package io.tollkeeper.gateway.route;

import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.http.Upstream;
import org.jspecify.annotations.Nullable;

/// All products by host: one version of the configuration. Immutable; an exchange keeps to the one it started with.
public final class RouteTable {

    private final long version;
    private final Map<String, Route> byHost;
    private final Set<Upstream> upstreams;
    private final int products;

    /// @param byHost hosts in lower case, without port
    public RouteTable(long version, Map<String, Route> byHost) {
        this.version = version;
        this.byHost = Map.copyOf(byHost);
        this.upstreams = upstreamsOf(byHost.values());
        this.products = new HashSet<>(byHost.values()).size();
    }

    public long version() {
        return version;
    }

    /// The product that owns this host (lower case, without port), or none.
    public @Nullable Route find(String host) {
        return byHost.get(host);
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

    /// What to tell about a host that nobody owns. Looks at no more than a few thousand hosts.
    public String nearMiss(String host) {
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
