package io.tollkeeper.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.app.command.Program;
import io.tollkeeper.app.command.Sources;
import io.tollkeeper.app.control.Answer;
import io.tollkeeper.app.control.ControlSocket;
import io.tollkeeper.app.control.Controls;
import io.tollkeeper.app.control.DataFolder;
import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.demo.Demo;
import io.tollkeeper.app.demo.Echo;
import io.tollkeeper.app.operate.ConfigurationWatch;
import io.tollkeeper.app.operate.LiveConfiguration;
import io.tollkeeper.app.operate.LiveConfiguration.Outcome;
import io.tollkeeper.app.operate.StatusHandler;
import io.tollkeeper.app.operate.StatusHandler.Readiness;
import io.tollkeeper.app.settings.ListenAddress;
import io.tollkeeper.app.settings.Settings;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.ExchangeHandler;
import io.tollkeeper.http.Listener;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.WireLimits;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Builds everything in plain Java, in the order in which things need each other: the map of the program. Start and stop
/// run on the main thread and block.
final class Wiring implements Program, Program.Running, Controls {
    private static final Logger log = LoggerFactory.getLogger(Wiring.class);

    private final Closing closing = new Closing();
    private final Map<String, Listener> listeners = new LinkedHashMap<>();
    private final InstantSource clock = InstantSource.system();
    private volatile Readiness readiness = Readiness.NO_PRODUCTS;

    @SuppressWarnings("NullAway.Init") // set by start
    private Engine engine;
    @SuppressWarnings("NullAway.Init") // set by start
    private LiveConfiguration live;
    @SuppressWarnings("NullAway.Init") // set by start
    private DataFolder folder;

    @Override public Started start(Configuration given, Sources sources, DataFolder held) {
        try {
            folder = held;
            engine = closing.with(Engine.start(HttpParts.engine(given.settings())));
            var configuration = given.file() == null ? demo(given) : given;
            var settings = configuration.settings();
            live = new LiveConfiguration(configuration, () -> Configuration.load(sources.file(), sources.environment(), sources.overrides()),
                    this::takeOver, clock);
            listen("management", settings.management().listen(), settings, _ -> new StatusHandler(() -> readiness));
            closing.with(ControlSocket.listen(folder, this));
            if (configuration.file() != null) {
                closing.with(ConfigurationWatch.start(configuration.file(), live::reload));
            }
            return new Started.Up(this);
        } catch (IOException | IllegalStateException e) {
            closing.close();
            return new Started.Refused(List.of(e.getMessage() == null ? e.toString() : e.getMessage()));
        }
    }

    private Configuration demo(Configuration given) throws IOException {
        var echo = new Echo();
        var listener = closing.with(engine.listen(
                ListenerSettings.plain("demo upstream", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> echo));
        return given.declaring("demo.yaml", Demo.yaml(listener.address().getPort()));
    }

    private void listen(String name, @Nullable ListenAddress address, Settings settings, ExchangeHandler.Factory handlers) throws IOException {
        if (address != null) {
            listeners.put(name, closing.with(engine.listen(HttpParts.plain(name, address, WireLimits.DEFAULT, settings), handlers)));
        }
    }

    private List<Finding> takeOver(Configuration next) {
        return List.of();
    }

    @Override public List<String> greeting() {
        var addresses = new LinkedHashMap<String, InetSocketAddress>();
        listeners.forEach((name, listener) -> addresses.put(name, listener.address()));
        return Greeting.lines(live.current(), engine, addresses, folder.path());
    }

    @Override public Answer explain(String requestId) {
        return Answer.refused("no");
    }

    @Override public Answer status() {
        return Answer.ok(String.join("\n", greeting()) + live.describe());
    }

    @Override public Answer reload() {
        return switch (live.reload()) {
            case Outcome.Taken(var configuration, var _) -> Answer.ok("taken over: " + configuration.declared().products().size() + " products");
            case Outcome.Refused(var findings) -> Answer.refused(LiveConfiguration.text(findings));
        };
    }

    @Override public void stop() {
        var drain = live.current().settings().drain();
        readiness = Readiness.DRAINING;
        rest(drain.delay());
        var draining = new ArrayList<Thread>();
        listeners.values().forEach(listener -> draining.add(Thread.ofVirtual().start(() -> listener.drain(drain.timeout()))));
        draining.forEach(Wiring::await);
        closing.close();
        log.info("ended");
    }

    private static void rest(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static void await(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
