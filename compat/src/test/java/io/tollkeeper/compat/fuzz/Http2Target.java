package io.tollkeeper.compat.fuzz;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;

/// Any frames behind the preface of HTTP/2, then a PING: it is answered, or the connection ends, in time; and what the
/// upstream received has one reading, a path as its target and no field of the connection. HPACK, frames and the rules
/// for heads are on this road.
final class Http2Target implements FuzzTarget {

    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
    private static final byte[] PING = "\0\0\10\6\0\0\0\0\0theend!!".getBytes(StandardCharsets.ISO_8859_1);

    private final FuzzedGateway gateway = new FuzzedGateway();

    @Override
    public void run(byte[] input) throws IOException {
        long before = gateway.received();
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
            socket.setSoTimeout(10_000);
            socket.setTcpNoDelay(true);
            var out = socket.getOutputStream();
            out.write(PREFACE);
            out.write(input);
            out.write(PING);
            // If the input ends inside a frame, the PING is its rest.
            socket.shutdownOutput();
            untilTheEnd(new DataInputStream(socket.getInputStream()));
        } catch (SocketException sentAway) {
            require(input.length > 0, "the connection", sentAway, "open");
        }
        for (var request : gateway.receivedSince(before)) {
            require(request.target().startsWith("/") && request.target().chars().allMatch(c -> c > ' ' && c != 0x7F && c != '#'),
                    "target", request.target(), "a path");
            for (var name : new String[] {"connection", "upgrade", "te", "keep-alive", "proxy-connection"}) {
                require(request.header(name) == null, "field of the connection", request, "none");
            }
        }
    }

    /// Whole frames until the PING's answer or the end.
    private static void untilTheEnd(DataInputStream in) throws IOException {
        try {
            while (true) {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                in.skipNBytes(5);
                var payload = in.readNBytes(length);
                require(type <= 9, "type of a frame", type, "one of RFC 9113");
                if (type == 6 && new String(payload, StandardCharsets.ISO_8859_1).equals("theend!!")) {
                    return;
                }
            }
        } catch (EOFException end) {
            require(end != null, "the end", "none", "one");
        }
    }
}
