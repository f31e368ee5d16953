package io.tollkeeper.gateway;

import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.GatewayLoop;
import io.tollkeeper.gateway.exchange.Parking;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.gateway.route.HostLoader;
import io.tollkeeper.gateway.route.Route;
import io.tollkeeper.gateway.route.RouteTable;
import io.tollkeeper.gateway.route.ServiceRouter;
import io.tollkeeper.gateway.rules.NormalPath;
import io.tollkeeper.http.Ending;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;
import org.jspecify.annotations.Nullable;

/// The road of a proxied request, top to bottom. One per connection, on its event loop; never blocks.
///
/// ```
///   host ─▶ product ─▶ its policies:  credentials ─▶ mapping rules ─▶ meter ─▶ upstream ─▶ answer
///     │        │                          │               │             │         │
///   R-NO-HOST  G-PRODUCT-BROKEN    A-NO-CREDENTIALS  R-NO-MAPPING-RULE  A- L-    U- D-
/// ```
final class GatewayHandler implements ExchangeHandler {

    /// Answered on every host, and shadows the paths of the APIs behind us.
    private static final String HEALTH = "/_threescale/healthz";

    /// How long a request waits for its host's configuration.
    private static final long LONGEST_LOAD = TimeUnit.SECONDS.toNanos(15);

    private final GatewayLoop loop;
    private final ServiceRouter router;
    private final @Nullable HostLoader hosts;
    private @Nullable Exchange exchange;
    private Request.@Nullable Peer peer;
    private String clientAddress = "";

    /// @param hosts fetches configurations when requests need them, none if all of them are there
    GatewayHandler(GatewayLoop loop, ServiceRouter router, @Nullable HostLoader hosts) {
        this.loop = loop;
        this.router = router;
        this.hosts = hosts;
    }

    @Override
    public void requested(Request request, Response response) {
        if (request.path().startsWith(HEALTH)) {
            healthy(response);
            return;
        }
        Exchange begun = begin(request, response);
        HostLoader loader = hosts;
        if (loader != null && !loader.isCurrent(request.host())) {
            awaitConfiguration(begun, request, loader);
        } else {
            serve(begun, request, null);
        }
    }

    /// The request waits until its host's configuration was fetched, or could not be.
    private void awaitConfiguration(Exchange begun, Request request, HostLoader loader) {
        Parking place = begun.park(LONGEST_LOAD, Reason.HOST_NOT_LOADED);
        loader.load(request.host(), wrong -> begun.loop().execute(() -> place.resumeWith(() -> {
            serve(begun, request, wrong);
            return Step.DONE;
        })));
    }

    /// @param notLoaded why the host's configuration could not be fetched, null if it is current
    private void serve(Exchange begun, Request request, @Nullable String notLoaded) {
        RouteTable table = router.current();
        begun.record().configVersion(table.version());
        String path = NormalPath.of(request.path());
        if (path == null) {
            begun.refuse(Reason.MALFORMED, NormalPath.fault(request.path()));
            return;
        }
        begun.path(path);
        Route route = table.find(request.host(), request.method(), path, request.query(), loop.scratch());
        if (notLoaded != null) {
            if (route == null) {
                begun.refuse(Reason.HOST_NOT_LOADED, notLoaded);
                return;
            }
            begun.contribute(Reason.CONFIG_STALE);
        }
        if (route == null) {
            begun.refuse(Reason.NO_HOST, table.nearMiss(request.host(), request.method() + " " + path));
            return;
        }
        begun.choose(route.service(), route.chain());
        begun.record().stamp(Stage.ROUTED, System.nanoTime());
        if (route.service().isBroken()) {
            begun.refuse(Reason.PRODUCT_BROKEN, "the configuration of product " + route.service().id() + " was refused");
            return;
        }
        route.chain().run(begun);
    }

    @Override
    public void refused(Request request, Response response, Reason reason, String evidence) {
        begin(request, response).refuse(reason, evidence);
    }

    @Override
    public void ended(Request request, Response response, Ending ending) {
        Exchange over = exchange;
        exchange = null;
        if (over != null) {
            over.ended(ending);
        }
    }

    private Exchange begin(Request request, Response response) {
        Exchange begun = loop.take();
        exchange = begun;
        begun.begin(request, response, addressOf(request.peer()));
        return begun;
    }

    /// Text of the client's address, made once per connection.
    private String addressOf(Request.Peer now) {
        if (now != peer) {
            peer = now;
            clientAddress = now.address();
        }
        return clientAddress;
    }

    /// For load balancers: no product, no record, no log line.
    private static void healthy(Response response) {
        response.status(200);
        response.headers().add(HeaderName.CONTENT_TYPE, "text/plain");
        response.send();
    }
}
