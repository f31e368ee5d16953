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
import io.tollkeeper.app.settings.Role;
import io.tollkeeper.http.Engine;
import org.jspecify.annotations.Nullable;

/// What the program says when everything listens: where, how, and calls to paste. Pure functions.
final class Greeting {

    private Greeting() {}

    /// @param listening addresses by the name of the listener, in the order in which they are told
    static List<String> lines(Role role, Configuration configuration, Engine engine, Map<String, InetSocketAddress> listening, Path data) {
        var lines = new ArrayList<String>();
        lines.add("Tollkeeper " + VersionCommand.current() + ": " + role.says());
        lines.add("");
        lines.addAll(listening(engine, listening, data).lines().toList());
        var origin = configuration.origin();
        int products = configuration.declared().products().size();
        lines.add("  configuration " + (origin == null
                ? role.hasGateway() ? "none, so the demo product is served (write a tollkeeper.yaml to serve yours)"
                        : "none: products are those that the Internal API creates"
                : origin + ": " + products + (products == 1 ? " product" : " products")));
        lines.add("");
        var meter = listening.get("meter");
        lines.addAll(role.hasGateway() || meter == null ? calls(configuration, listening.get("gateway")) : questions(configuration, meter));
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
        if (configuration.hasProducts()) {
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

    /// What to ask a meter that stands alone. Credentials are for the reader to fill in: this goes to a log.
    private static List<String> questions(Configuration configuration, InetSocketAddress meter) {
        var base = url("meter", meter);
        var products = configuration.declared().products();
        var lines = new ArrayList<String>();
        if (products.isEmpty()) {
            lines.add("Create a product through the Internal API (with --user USER:PASSWORD, if meter.internal-api has them):");
            lines.add("  curl -i " + base + "/internal/services/ -H 'Content-Type: application/json' -d '{\"service\":{\"id\":\"1\",\"provider_key\":\"SECRET\",\"state\":\"active\"}}'");
            lines.add("Ask whether an application may call:");
        } else {
            lines.add("Ask whether an application may call (" + products.getFirst().id() + " accepts its service-tokens):");
        }
        var id = products.isEmpty() ? "1" : products.getFirst().id();
        var caller = products.isEmpty() ? "provider_key=SECRET" : "service_token=TOKEN";
        lines.add("  curl -i '" + base + "/transactions/authrep.xml?" + caller + "&service_id=" + id + "&"
                + credentials(products) + "&usage%5Bhits%5D=1'");
        lines.add("Then ask why, with the X-Request-Id of an answer:");
        lines.add("  tollkeeper explain ID");
        lines.add("");
        return lines;
    }

    private static String credentials(List<DeclaredProduct> products) {
        return !products.isEmpty() && "1".equals(products.getFirst().backendVersion()) ? "user_key=KEY" : "app_id=ID&app_key=KEY";
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
