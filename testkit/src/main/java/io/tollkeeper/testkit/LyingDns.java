package io.tollkeeper.testkit;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

/// A DNS server on one loopback port, UDP and TCP, that says what it is told to. Names it was not told about do not
/// exist (NXDOMAIN). Any thread may change it while it runs.
///
/// ```java
/// try (var dns = LyingDns.start()) {
///     dns.say("api.test", Lie.addresses(Duration.ofSeconds(1), "127.0.0.1"));
///     … resolve through dns.address() …
///     dns.say("api.test", Lie.servfail());
/// }
/// ```
public final class LyingDns implements AutoCloseable {

    private static final int TYPE_A = 1;
    private static final int TYPE_CNAME = 5;
    private static final int TYPE_AAAA = 28;
    private static final int CLASS_IN = 1;
    private static final int LONGEST_ALIAS_CHAIN = 8;
    private static final int PATIENCE_MILLIS = 30_000;

    private final DatagramSocket udp;
    private final ServerSocket tcp;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Map<String, Lie> lies = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> queries = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> turns = new ConcurrentHashMap<>();
    private final AtomicInteger overTcp = new AtomicInteger();
    private final AtomicInteger malformed = new AtomicInteger();

    private LyingDns(DatagramSocket udp, ServerSocket tcp) {
        this.udp = udp;
        this.tcp = tcp;
    }

    public static LyingDns start() {
        try {
            var dns = onOnePort();
            dns.threads.execute(dns::serveUdp);
            dns.threads.execute(dns::serveTcp);
            return dns;
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot listen on loopback", failure);
        }
    }

    private static LyingDns onOnePort() throws IOException {
        var loopback = InetAddress.getLoopbackAddress();
        for (var attempt = 1; ; attempt++) {
            var tcp = new ServerSocket(0, 64, loopback);
            try {
                return new LyingDns(new DatagramSocket(tcp.getLocalPort(), loopback), tcp);
            } catch (SocketException taken) {
                tcp.close();
                if (attempt == 20) {
                    throw taken;
                }
            }
        }
    }

    public int port() {
        return tcp.getLocalPort();
    }

    /// Where to send queries.
    public InetSocketAddress address() {
        return new InetSocketAddress(tcp.getInetAddress(), port());
    }

    /// From now on this is the truth about that name, for every type of query.
    public LyingDns say(String name, Lie lie) {
        lies.put(normal(name), lie);
        return this;
    }

    /// Queries of any type for that name so far.
    public int queries(String name) {
        var count = queries.get(normal(name));
        return count == null ? 0 : count.get();
    }

    /// Queries for A records of that name so far.
    public int addressQueries(String name) {
        var count = queries.get(normal(name) + "/A");
        return count == null ? 0 : count.get();
    }

    /// Queries over TCP so far, for any name.
    public int queriesOverTcp() {
        return overTcp.get();
    }

    /// Messages that were not a query as RFC 1035 has it.
    public int malformed() {
        return malformed.get();
    }

    private static String normal(String name) {
        var lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    private void serveUdp() {
        while (!udp.isClosed()) {
            var packet = new DatagramPacket(new byte[4096], 4096);
            try {
                udp.receive(packet);
            } catch (IOException failure) {
                if (udp.isClosed()) {
                    return;
                }
                throw new UncheckedIOException(failure);
            }
            threads.execute(() -> answerUdp(packet));
        }
    }

    private void answerUdp(DatagramPacket packet) {
        try {
            var answer = answer(Arrays.copyOf(packet.getData(), packet.getLength()), false);
            if (answer != null) {
                udp.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            }
        } catch (IOException _) {
            malformed.incrementAndGet();
        }
    }

    private void serveTcp() {
        while (!tcp.isClosed()) {
            try {
                var socket = tcp.accept();
                open.add(socket);
                threads.execute(() -> converse(socket));
            } catch (IOException failure) {
                if (!tcp.isClosed()) {
                    throw new UncheckedIOException(failure);
                }
            }
        }
    }

    private void converse(Socket socket) {
        try (socket) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            var in = new DataInputStream(socket.getInputStream());
            var out = new DataOutputStream(socket.getOutputStream());
            for (var first = in.read(); first >= 0; first = in.read()) {
                var query = in.readNBytes(first << 8 | in.readUnsignedByte());
                overTcp.incrementAndGet();
                var answer = answer(query, true);
                if (answer != null) {
                    var framed = new ByteArrayOutputStream();
                    framed.write(answer.length >>> 8);
                    framed.write(answer.length);
                    framed.write(answer);
                    out.write(framed.toByteArray());
                    out.flush();
                }
            }
        } catch (IOException _) {
            malformed.incrementAndGet();
        } finally {
            open.remove(socket);
        }
    }

    private byte @Nullable [] answer(byte[] query, boolean tcp) throws IOException {
        var in = new DataInputStream(new ByteArrayInputStream(query));
        var id = in.readUnsignedShort();
        var recursionDesired = in.readUnsignedShort() & 0x0100;
        if (in.readUnsignedShort() != 1) {
            throw new EOFException("not exactly one question");
        }
        in.skipNBytes(6);
        var name = readName(in);
        var type = in.readUnsignedShort();
        count(normal(name));
        if (type == TYPE_A) {
            count(normal(name) + "/A");
        }
        return answer(id, recursionDesired, name, type, lies.getOrDefault(normal(name), Lie.nxdomain()), tcp);
    }

    private void count(String key) {
        queries.computeIfAbsent(key, _ -> new AtomicInteger()).incrementAndGet();
    }

    private byte @Nullable [] answer(int id, int recursionDesired, String name, int type, Lie lie, boolean tcp)
            throws IOException {
        return switch (lie) {
            case Lie.Silence _ -> null;
            case Lie.Delayed(var by, var inner) -> {
                sleep(by);
                yield answer(id, recursionDesired, name, type, inner, tcp);
            }
            case Lie.Truncated(var inner) when tcp -> answer(id, recursionDesired, name, type, inner, true);
            case Lie.Truncated _ -> message(id, recursionDesired | 0x0200, Lie.Rcode.NOERROR, name, type, List.of());
            case Lie.Failure(var rcode) -> message(id, recursionDesired, rcode, name, type, List.of());
            case Lie.Empty _, Lie.Addresses _, Lie.Rotating _, Lie.Alias _ -> message(
                    id, recursionDesired, Lie.Rcode.NOERROR, name, type, records(name, type, lie, 0));
        };
    }

    private List<byte[]> records(String name, int type, @Nullable Lie lie, int depth) throws IOException {
        var records = new ArrayList<byte[]>();
        if (lie instanceof Lie.Addresses(var ttl, var literals)) {
            addAddresses(records, name, type, ttl, literals);
        } else if (lie instanceof Lie.Rotating(var ttl, var atOnce, var literals)) {
            var turn = turns.computeIfAbsent(normal(name), _ -> new AtomicInteger()).getAndIncrement();
            var subset = new ArrayList<String>();
            for (var i = 0; i < atOnce; i++) {
                subset.add(literals.get(Math.floorMod(turn * atOnce + i, literals.size())));
            }
            addAddresses(records, name, type, ttl, subset);
        } else if (lie instanceof Lie.Alias(var ttl, var target)) {
            var data = new ByteArrayOutputStream();
            writeName(new DataOutputStream(data), target);
            records.add(resource(name, TYPE_CNAME, ttl, data.toByteArray()));
            if (depth < LONGEST_ALIAS_CHAIN) {
                records.addAll(records(target, type, lies.get(normal(target)), depth + 1));
            }
        }
        return records;
    }

    private static void addAddresses(
            List<byte[]> records, String name, int type, Duration ttl, List<String> literals) throws IOException {
        for (var literal : literals) {
            var address = Lie.address(literal);
            if (type == (address.length == 4 ? TYPE_A : TYPE_AAAA)) {
                records.add(resource(name, type, ttl, address));
            }
        }
    }

    private static byte[] resource(String name, int type, Duration ttl, byte[] data) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var out = new DataOutputStream(bytes);
        writeName(out, name);
        out.writeShort(type);
        out.writeShort(CLASS_IN);
        out.writeInt(Math.toIntExact(ttl.toSeconds()));
        out.writeShort(data.length);
        out.write(data);
        return bytes.toByteArray();
    }

    /// Header, question and answers; names uncompressed.
    private static byte[] message(
            int id, int flags, Lie.Rcode rcode, String name, int type, List<byte[]> records) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var out = new DataOutputStream(bytes);
        out.writeShort(id);
        out.writeShort(0x8080 | flags | rcode.code());
        out.writeShort(1);
        out.writeShort(records.size());
        out.writeInt(0);
        writeName(out, name);
        out.writeShort(type);
        out.writeShort(CLASS_IN);
        for (var record : records) {
            out.write(record);
        }
        return bytes.toByteArray();
    }

    private static String readName(DataInputStream in) throws IOException {
        var name = new StringBuilder();
        for (var length = in.readUnsignedByte(); length > 0; length = in.readUnsignedByte()) {
            if (length > 63) {
                throw new EOFException("compressed name in a question");
            }
            name.append(name.isEmpty() ? "" : ".")
                    .append(new String(in.readNBytes(length), StandardCharsets.US_ASCII));
        }
        return name.toString();
    }

    private static void writeName(DataOutputStream out, String name) throws IOException {
        for (var label : name.split("\\.")) {
            if (!label.isEmpty()) {
                out.writeByte(label.length());
                out.write(label.getBytes(StandardCharsets.US_ASCII));
            }
        }
        out.writeByte(0);
    }

    private static void sleep(Duration time) throws IOException {
        try {
            Thread.sleep(time);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("DNS server is closing", interrupted);
        }
    }

    @Override
    public void close() throws IOException {
        udp.close();
        tcp.close();
        for (var socket : open) {
            socket.close();
        }
        threads.shutdownNow();
        threads.close();
    }
}
