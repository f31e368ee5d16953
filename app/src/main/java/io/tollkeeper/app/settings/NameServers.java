package io.tollkeeper.app.settings;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/// Addresses of name servers. Immutable; names are no addresses here, for who would resolve them?
public record NameServers(List<InetSocketAddress> addresses) {
    private static final int DNS = 53;

    public NameServers {
        addresses = List.copyOf(addresses);
    }

    /// Null when a part of the text is not `ip[:port]`.
    static @Nullable NameServers parse(String text) {
        var addresses = new ArrayList<InetSocketAddress>();
        for (var part : text.split(",", -1)) {
            var address = address(part.strip());
            if (address == null) {
                return null;
            }
            addresses.add(address);
        }
        return new NameServers(addresses);
    }

    private static @Nullable InetSocketAddress address(String text) {
        boolean bare = text.indexOf(':') != text.lastIndexOf(':') && !text.startsWith("[");
        var withPort = text.startsWith("[") ? text.contains("]:") : text.contains(":") && !bare;
        var listen = ListenAddress.parse(withPort ? text : (bare ? "[" + text + "]" : text) + ":" + DNS);
        try {
            return listen == null ? null : new InetSocketAddress(InetAddress.ofLiteral(listen.host()), listen.port());
        } catch (IllegalArgumentException _) {
            return null; // a name, or no address at all
        }
    }

    @Override public String toString() {
        return addresses.stream().map(Object::toString).collect(Collectors.joining(","));
    }
}
