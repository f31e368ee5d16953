package io.tollkeeper.gateway.route;

/// Holds the table in force behind one volatile: read once per request, replaced as a whole.
public final class ServiceRouter {

    private volatile RouteTable current = RouteTable.EMPTY;

    public RouteTable current() {
        return current;
    }

    public void replace(RouteTable table) {
        current = table;
    }
}
