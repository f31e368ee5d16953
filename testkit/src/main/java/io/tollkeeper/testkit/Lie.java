package io.tollkeeper.testkit;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;

/// What [LyingDns] says about a name.
public sealed interface Lie {

    /// All these addresses (literals, IPv4 and IPv6); each query gets those of its type.
    record Addresses(Duration ttl, List<String> literals) implements Lie {
        public Addresses {
            literals = List.copyOf(literals);
            for (var literal : literals) {
                address(literal);
            }
        }
    }

    /// `atOnce` of these addresses, another subset with every query.
    record Rotating(Duration ttl, int atOnce, List<String> literals) implements Lie {
        public Rotating {
            literals = List.copyOf(literals);
        }
    }

    /// A CNAME, followed by what is said about its target when that is known here.
    record Alias(Duration ttl, String target) implements Lie {}

    /// An error instead of an answer.
    record Failure(Rcode rcode) implements Lie {}

    /// NOERROR without a single record.
    record Empty() implements Lie {}

    /// TC and no record over UDP, the other lie over TCP.
    record Truncated(Lie overTcp) implements Lie {}

    /// No answer at all.
    record Silence() implements Lie {}

    /// The other lie, late.
    record Delayed(Duration by, Lie lie) implements Lie {}

    /// Response codes of RFC 1035.
    enum Rcode {
        NOERROR(0), FORMERR(1), SERVFAIL(2), NXDOMAIN(3), NOTIMP(4), REFUSED(5);

        private final int code;

        Rcode(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    static Lie addresses(Duration ttl, String... literals) {
        return new Addresses(ttl, List.of(literals));
    }

    static Lie nxdomain() {
        return new Failure(Rcode.NXDOMAIN);
    }

    static Lie servfail() {
        return new Failure(Rcode.SERVFAIL);
    }

    /// The bytes of an address literal.
    static byte[] address(String literal) {
        if (!literal.matches("[0-9.]+") && !literal.contains(":")) {
            throw new IllegalArgumentException("address: " + literal + " (expected: a literal, e.g. 127.0.0.1)");
        }
        try {
            return InetAddress.getByName(literal).getAddress();
        } catch (UnknownHostException failure) {
            throw new IllegalArgumentException("address: " + literal + " (expected: e.g. 127.0.0.1)", failure);
        }
    }
}
