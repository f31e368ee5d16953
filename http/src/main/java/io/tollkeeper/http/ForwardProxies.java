package io.tollkeeper.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/// Which HTTP proxy is asked for which address: what `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say (gateway
/// specification, section 8.6). Immutable.
///
/// @param http   for http addresses, null for none
/// @param https  for https addresses, null for none
/// @param except hosts that are called directly, with all names below them; `*` for all; lower case, without a leading
///               dot
public record ForwardProxies(@Nullable ForwardProxy http, @Nullable ForwardProxy https, List<String> except) {

    /// Everything is called directly.
    public static final ForwardProxies NONE = new ForwardProxies(null, null, List.of());

    public ForwardProxies {
        except = List.copyOf(except);
    }

    /// With `all` where a scheme has no proxy of its own.
    ///
    /// @param noProxy comma-separated hosts, as in `NO_PROXY`; ports and networks are not understood there
    public static ForwardProxies of(
            @Nullable ForwardProxy http, @Nullable ForwardProxy https, @Nullable ForwardProxy all, String noProxy) {
        List<String> hosts = new ArrayList<>();
        for (String one : noProxy.split(",", -1)) {
            String host = one.strip().toLowerCase(Locale.ROOT);
            host = host.startsWith(".") ? host.substring(1) : host;
            if (!host.isEmpty()) {
                hosts.add(host);
            }
        }
        return new ForwardProxies(http != null ? http : all, https != null ? https : all, hosts);
    }

    /// The proxy to ask for a host, null if it is called directly.
    ///
    /// @param secure whether it is called over TLS
    public @Nullable ForwardProxy towards(boolean secure, String host) {
        ForwardProxy proxy = secure ? https : http;
        if (proxy == null) {
            return null;
        }
        String lower = host.toLowerCase(Locale.ROOT);
        for (String one : except) {
            if (one.equals("*") || lower.equals(one) || lower.endsWith(one) && lower.charAt(lower.length() - one.length() - 1) == '.') {
                return null;
            }
        }
        return proxy;
    }
}
