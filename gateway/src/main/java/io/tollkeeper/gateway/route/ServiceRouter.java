package io.tollkeeper.gateway.route;

import java.util.Map;

/// Holds the table in force behind one volatile: read once per request, replaced as a whole.
public final class ServiceRouter {

    private volatile RouteTable current = new RouteTable(0, Map.of());

    public RouteTable current() {
        return current;
    }

    public void replace(RouteTable table) {
        current = table;
    }
}
