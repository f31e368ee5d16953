package io.tollkeeper.app;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import io.tollkeeper.app.command.Program;
import io.tollkeeper.app.control.Answer;
import io.tollkeeper.app.control.Controls;
import io.tollkeeper.app.operate.Explaining;
import io.tollkeeper.app.operate.LiveConfiguration;
import io.tollkeeper.app.operate.LiveConfiguration.Outcome;
import io.tollkeeper.app.operate.ManagementApi;
import io.tollkeeper.app.operate.Providers;
import io.tollkeeper.app.operate.Readiness;
import io.tollkeeper.app.settings.ListenAddress;
import io.tollkeeper.app.settings.Role;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.gateway.Gateway;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.WireLimits;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The program once it is built: what listens, what it can be asked, how it ends. Listeners are opened by the main
/// thread; questions come on virtual threads.
final class RunningNode implements Program.Running, Controls {
    private static final Logger log = LoggerFactory.getLogger(RunningNode.class);

    private final Role role;
    private final Settings settings;
    private final Engine engine;
    private final Closing closing;
    private final LiveConfiguration live;
    private final Explaining explaining;
    private final Map<String, InetSocketAddress> addresses = new LinkedHashMap<>();
    private final List<Consumer<Duration>> drains = new ArrayList<>();
    private @Nullable Gateway gateway;
    private volatile boolean draining;

    RunningNode(Role role, Settings settings, Engine engine, Closing closing, LiveConfiguration live, Explaining explaining) {
        this.role = role;
        this.settings = settings;
        this.engine = engine;
        this.closing = closing;
        this.live = live;
        this.explaining = explaining;
    }

    /// Opens the listeners for API calls.
    void listen(Gateway newGateway) throws IOException {
        gateway = newGateway;
        var plain = settings.gateway().listen();
        if (plain != null) {
            addresses.put("gateway", newGateway.listen(HttpParts.gateway(settings, plain)));
        }
        var tls = settings.gateway().tls().listen();
        if (tls != null) {
            addresses.put("gateway.tls", newGateway.listen(HttpParts.gatewayTls(settings, tls)));
        }
        drains.add(newGateway::drain);
    }

    /// Opens another listener, if it has an address.
    void listen(String name, @Nullable ListenAddress address, WireLimits limits, ExchangeHandler.Factory handlers) throws IOException {
        if (address == null) {
            return;
        }
        var listener = closing.with(engine.listen(HttpParts.plain(name, address, limits, settings), handlers));
        addresses.put(name, listener.address());
        if (name.equals("meter")) {
            drains.add(listener::drain); // operators are not waited for
        }
    }

    /// A meter without products is as it should be: they are created through it. So is a 3scale document without services,
    /// but a portal that is asked per host may have some.
    Readiness readiness(ManagementApi api) {
        if (draining) {
            return Readiness.DRAINING;
        }
        if (api.isDeleted()) {
            return Readiness.NOT_CONFIGURED;
        }
        var now = live.current();
        boolean empty = role.hasGateway() && now.declared().products().isEmpty();
        return empty && !now.isDocument() ? Readiness.NO_PRODUCTS : Readiness.unless(live.doubt());
    }

    @Override public List<String> greeting() {
        return Greeting.lines(role, live.current(), engine, addresses, settings.data());
    }

    @Override public Answer explain(String requestId) {
        return explaining.explain(requestId);
    }

    @Override public Answer status() {
        return Answer.ok(Greeting.listening(engine, addresses, settings.data()) + live.describe()
                + (gateway == null ? "" : Providers.text(gateway.issuers())));
    }

    @Override public Answer reload() {
        return switch (live.reload()) {
            case Outcome.Taken _ -> Answer.ok(live.describe());
            case Outcome.Refused(var findings) -> Answer.refused(LiveConfiguration.text(findings));
        };
    }

    @Override public void stop() {
        log.info("ending: calls under way may take {} s", settings.drain().timeout().toSeconds());
        draining = true;
        rest(settings.drain().delay());
        drains.stream().map(drain -> Thread.ofVirtual().start(() -> drain.accept(settings.drain().timeout()))).toList()
                .forEach(RunningNode::await);
        closing.close();
        log.info("ended");
    }

    private static void rest(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // then without delay
        }
    }

    private static void await(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // closing goes on
        }
    }
}
