package io.tollkeeper.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.netty.util.NetUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What `/etc/resolv.conf` says. Immutable.
///
/// @param servers name servers in the order to ask them
/// @param search  suffixes to try
/// @param ndots   names with so many dots are tried as they are first
record ResolvConf(List<InetSocketAddress> servers, List<String> search, int ndots) {

    private static final Logger LOG = LoggerFactory.getLogger(Resolver.class);
    private static final int DNS_PORT = 53;

    ResolvConf {
        servers = List.copyOf(servers);
        search = List.copyOf(search);
    }

    /// Blocks (a small file). Without a readable file: no servers and no suffixes.
    static ResolvConf read(Path file) {
        try {
            return parse(Files.readAllLines(file));
        } catch (IOException e) {
            LOG.warn("{} cannot be read ({}): only configured name servers are asked", file, e.toString());
            return parse(List.of());
        }
    }

    static ResolvConf parse(List<String> lines) {
        List<InetSocketAddress> servers = new ArrayList<>();
        List<String> search = List.of();
        int ndots = 1;
        for (String line : lines) {
            String[] words = line.strip().split("\\s+");
            switch (words[0]) {
                case "nameserver" -> {
                    InetAddress address = words.length > 1 ? NetUtil.createInetAddressFromIpAddressString(words[1]) : null;
                    if (address != null) {
                        servers.add(new InetSocketAddress(address, DNS_PORT));
                    }
                }
                // The last of them counts.
                case "search", "domain" -> search = List.of(words).subList(1, words.length);
                case "options" -> {
                    for (String option : words) {
                        if (option.matches("ndots:[0-9]{1,2}")) {
                            ndots = Math.min(15, Integer.parseInt(option.substring(6)));
                        }
                    }
                }
                default -> {}
            }
        }
        return new ResolvConf(servers, search.stream().filter(suffix -> !suffix.equals(".")).toList(), ndots);
    }

    /// The full names to ask for, in order.
    List<String> candidates(String name) {
        if (name.endsWith(".")) {
            return List.of(name.substring(0, name.length() - 1));
        }
        List<String> names = new ArrayList<>();
        boolean asItIsFirst = name.chars().filter(c -> c == '.').count() >= ndots;
        if (asItIsFirst) {
            names.add(name);
        }
        for (String suffix : search) {
            names.add(name + "." + (suffix.endsWith(".") ? suffix.substring(0, suffix.length() - 1) : suffix));
        }
        if (!asItIsFirst) {
            names.add(name);
        }
        return names;
    }
}
