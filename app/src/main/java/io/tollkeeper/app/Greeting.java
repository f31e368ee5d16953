package io.tollkeeper.app;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tollkeeper.app.command.VersionCommand;
import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.declaration.DeclaredProduct;
import io.tollkeeper.app.demo.Demo;
import io.tollkeeper.http.Engine;
import org.jspecify.annotations.Nullable;

/// What `tollkeeper run` says when everything listens: where, how, and calls to paste. Pure functions.
final class Greeting {

    private Greeting() {}

    /// @param listening addresses by the name of the listener, in the order in which they are told
    static List<String> lines(Configuration configuration, Engine engine, Map<String, InetSocketAddress> listening, Path data) {
        var lines = new ArrayList<String>();
        lines.add("Tollkeeper " + VersionCommand.current() + ": gateway, meter and store in one process");
        lines.add("");
        lines.addAll(listening(engine, listening, data).lines().toList());
        var file = configuration.file();
        int products = configuration.declared().products().size();
        lines.add("  configuration " + (file == null
                ? "none, so the demo product is served (write a tollkeeper.yaml to serve yours)"
                : file.toAbsolutePath().normalize() + ": " + products + (products == 1 ? " product" : " products")));
        lines.add("");
        lines.addAll(calls(configuration, listening.get("gateway")));
        lines.add("Ctrl-C ends it.");
        return lines;
    }

    /// What listens where, on which transport, and where the data is.
    static String listening(Engine engine, Map<String, InetSocketAddress> listening, Path data) {
        var text = new StringBuilder();
        listening.forEach((name, address) ->
                text.append("  %-13s ".formatted(name)).append(url(name, address)).append(path(name)).append(elsewhere(address)).append('\n'));
        var why = engine.whyNoBetterTransport();
        text.append("  transport     ").append(engine.transport().setting()).append(why.isEmpty() ? "" : " (" + why + ")")
                .append(", ").append(engine.loops().size()).append(" event loops\n");
        return text.append("  data          ").append(data.toAbsolutePath().normalize()).append('\n').toString();
    }

    private static List<String> calls(Configuration configuration, @Nullable InetSocketAddress gateway) {
        if (gateway == null || configuration.declared().products().isEmpty()) {
            return List.of();
        }
        if (configuration.file() != null) {
            return List.of("Try:", "  " + call(configuration.declared().products().getFirst(), gateway), "");
        }
        var base = url("gateway", gateway) + "/hello";
        int enough = Demo.CALLS_PER_MINUTE + 1;
        return List.of(
                "Paste a call:",
                "  curl -i '" + base + "?user_key=" + Demo.KEY + "'      # passes",
                "  curl -i '" + base + "'                         # no key: 401",
                "  curl -i '" + base + "?user_key=wrong-key'     # a wrong key: 403",
                "  for i in $(seq " + enough + "); do curl -s -o /dev/null -D - '" + base + "?user_key=" + Demo.LIMITED_KEY + "' | grep -iE '^(HTTP|x-request-id)'; done"
                        + "   # " + Demo.CALLS_PER_MINUTE + " a minute, then 429",
                "Then ask why, with the X-Request-Id of an answer:",
                "  tollkeeper explain ID",
                "");
    }

    private static String call(DeclaredProduct product, InetSocketAddress gateway) {
        var proxy = product.proxy();
        var host = proxy.hosts().isEmpty() ? "" : "-H 'Host: " + proxy.hosts().getFirst() + "' ";
        return "curl -i " + host + "'" + url("gateway", gateway) + "/'";
    }

    /// `localhost` where it listens on all addresses.
    private static String url(String name, InetSocketAddress address) {
        var ip = address.getAddress();
        var host = ip.isAnyLocalAddress() ? "localhost" : ip.getHostAddress().contains(":") ? "[" + ip.getHostAddress() + "]" : ip.getHostAddress();
        return (name.endsWith("tls") ? "https://" : "http://") + host + ":" + address.getPort();
    }

    private static String path(String name) {
        return switch (name) {
            case "management" -> "/status/ready";
            case "metrics" -> "/metrics";
            default -> "";
        };
    }

    private static String elsewhere(InetSocketAddress address) {
        return address.getAddress().isAnyLocalAddress() ? "  (all addresses)" : "";
    }
}
