package io.tollkeeper.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.AddressedEnvelope;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverTimeoutException;
import io.netty.util.concurrent.Future;
import io.tollkeeper.core.reason.Reason;

/// One lookup of a name: every name of the search list, each at one server after the other, aliases followed. Keeps what
/// each server said, for evidence. On the resolver's loop.
///
/// | a server says | then |
/// |---|---|
/// | addresses | done |
/// | an alias without its addresses | the alias is asked for |
/// | no such name, or no address of that type | next name of the search list |
/// | a failure, or nothing in time | next server; after the last one the lookup has failed |
final class DnsLookup {

    private static final int MOST_ALIASES = 8;

    /// Hears the outcome, once.
    interface Outcome {
        /// @param ttlSeconds the shortest of the records on the way
        void found(List<InetAddress> addresses, long ttlSeconds);

        void failed(Reason reason, String evidence);
    }

    private final DnsNameResolver wire;
    private final String name;
    private final List<String> candidates;
    private final List<InetSocketAddress> servers;
    private final List<DnsRecordType> types;
    private final Outcome outcome;

    private int candidate;
    private int server;
    private int type;
    private String asked = "";
    private int aliases;
    private long ttl = Long.MAX_VALUE;
    private boolean sawEmpty;
    private boolean sawFailure;
    private final List<InetAddress> addresses = new ArrayList<>();
    private final StringBuilder said = new StringBuilder();

    DnsLookup(
            DnsNameResolver wire,
            String name,
            List<String> candidates,
            List<InetSocketAddress> servers,
            boolean ipv6,
            Outcome outcome) {
        this.wire = wire;
        this.name = name;
        this.candidates = candidates;
        this.servers = servers;
        this.types = ipv6 ? List.of(DnsRecordType.A, DnsRecordType.AAAA) : List.of(DnsRecordType.A);
        this.outcome = outcome;
    }

    void start() {
        if (servers.isEmpty()) {
            outcome.failed(Reason.DNS_SERVFAIL, name + ": no name server is configured, and the system's file (/etc/resolv.conf) names none");
            return;
        }
        asked = candidates.getFirst();
        ask();
    }

    private void ask() {
        DefaultDnsQuestion question;
        try {
            question = new DefaultDnsQuestion(asked + ".", types.get(type));
        } catch (IllegalArgumentException e) {
            say("not asked for " + asked + ": no valid name");
            nextCandidate();
            return;
        }
        Future<AddressedEnvelope<DnsResponse, InetSocketAddress>> query = wire.query(servers.get(server), question);
        query.addListener(done -> {
            if (query.isSuccess()) {
                AddressedEnvelope<DnsResponse, InetSocketAddress> envelope = query.getNow();
                try {
                    answered(envelope.content());
                } finally {
                    envelope.release();
                }
            } else {
                unanswered(query.cause());
            }
        });
    }

    private void answered(DnsResponse response) {
        DnsResponseCode code = response.code();
        if (code.equals(DnsResponseCode.NXDOMAIN)) {
            say("NXDOMAIN for " + asked);
            nextType(true);
        } else if (!code.equals(DnsResponseCode.NOERROR)) {
            say(code.toString().replaceAll("\\(.*", "") + " for " + asked);
            sawFailure = true;
            nextServer();
        } else {
            int before = addresses.size();
            String last = follow(response);
            if (addresses.size() > before) {
                nextType(false);
            } else if (!last.equals(asked) && aliases < MOST_ALIASES) {
                aliases++;
                asked = last;
                ask();
            } else {
                sawEmpty = true;
                say("no " + types.get(type).name() + " record for " + asked);
                nextType(false);
            }
        }
    }

    private void unanswered(Throwable cause) {
        say((isTimeout(cause) ? "no answer" : "no answer (" + cause.getMessage() + ")") + " for " + asked);
        nextServer();
    }

    private static boolean isTimeout(Throwable cause) {
        return cause instanceof DnsNameResolverTimeoutException || cause.getCause() instanceof DnsNameResolverTimeoutException;
    }

    /// Takes the addresses of `asked`, or of what it is an alias for.
    ///
    /// @return the last name of the chain of aliases
    private String follow(DnsResponse response) {
        String current = asked;
        for (int depth = 0; depth <= MOST_ALIASES; depth++) {
            String next = null;
            boolean found = false;
            for (int i = 0; i < response.count(DnsSection.ANSWER); i++) {
                DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
                if (!sameName(record.name(), current) || !(record instanceof ByteBufHolder holder)) {
                    continue;
                }
                if (record.type().equals(types.get(type))) {
                    found |= addAddress(holder.content());
                    ttl = Math.min(ttl, record.timeToLive());
                } else if (record.type().equals(DnsRecordType.CNAME)) {
                    next = plain(DefaultDnsRecordDecoder.decodeName(holder.content().duplicate()));
                    ttl = Math.min(ttl, record.timeToLive());
                }
            }
            if (found || next == null) {
                return current;
            }
            current = next;
        }
        return current;
    }

    private boolean addAddress(ByteBuf content) {
        try {
            InetAddress address = InetAddress.getByAddress(name, ByteBufUtil.getBytes(content));
            if (!addresses.contains(address)) {
                addresses.add(address);
            }
            return true;
        } catch (UnknownHostException e) {
            say("an address of " + content.readableBytes() + " bytes for " + asked);
            return false;
        }
    }

    private static boolean sameName(String a, String b) {
        return plain(a).equals(plain(b));
    }

    private static String plain(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    private void nextType(boolean noSuchName) {
        asked = candidates.get(candidate);
        type++;
        if (type < types.size() && !noSuchName) {
            ask();
        } else if (!addresses.isEmpty()) {
            outcome.found(addresses, ttl);
        } else {
            nextCandidate();
        }
    }

    private void nextCandidate() {
        type = 0;
        candidate++;
        if (candidate < candidates.size()) {
            asked = candidates.get(candidate);
            ask();
        } else {
            outcome.failed(sawEmpty ? Reason.DNS_EMPTY : Reason.DNS_NXDOMAIN, evidence());
        }
    }

    private void nextServer() {
        server++;
        if (server < servers.size()) {
            ask();
        } else if (!addresses.isEmpty()) {
            outcome.found(addresses, ttl);
        } else {
            outcome.failed(sawFailure ? Reason.DNS_SERVFAIL : Reason.DNS_TIMEOUT, evidence());
        }
    }

    private void say(String what) {
        InetSocketAddress at = servers.get(Math.min(server, servers.size() - 1));
        said.append(said.isEmpty() ? "" : "; ").append(Evidence.address(at)).append(": ").append(what);
    }

    private String evidence() {
        return "name " + name + (candidates.size() > 1 ? " (tried as " + String.join(", ", candidates) + ")" : "") + ", servers said: "
                + said;
    }
}
