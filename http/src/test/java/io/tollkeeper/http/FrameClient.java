package io.tollkeeper.http;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

import io.netty.util.collection.IntObjectHashMap;
import org.jspecify.annotations.Nullable;

/// A client of HTTP/2 over a plain socket, or a server ([FrameServer]), that sends whatever frames a test wants, right or
/// wrong. Blocks, at most ten seconds per wait.
final class FrameClient implements AutoCloseable {

    /// What came of a stream.
    ///
    /// @param error code of an RST_STREAM, -1 without one
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Answer(List<String> fields, byte[] body, List<String> trailers, boolean ended, int error) {
        int status() {
            return fields.isEmpty() ? 0 : Integer.parseInt(fields.getFirst().substring(":status: ".length()));
        }

        String text() {
            return new String(body, StandardCharsets.ISO_8859_1);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Frame(int type, int flags, int stream, byte[] payload) {
        boolean isEnd() {
            return (flags & Http2.END_STREAM) != 0;
        }

        int number() {
            return ByteBuffer.wrap(payload).getInt();
        }
    }

    private final Socket socket;
    private final OutputStream out;
    private final DataInputStream in;
    private final HpackDecoder decoder = new HpackDecoder(4096);
    private final IntObjectHashMap<Collected> streams = new IntObjectHashMap<>();
    private boolean generous = true;
    @Nullable Frame goAway;

    private static final class Collected {
        final List<String> fields = new ArrayList<>();
        final List<String> trailers = new ArrayList<>();
        final java.io.ByteArrayOutputStream body = new java.io.ByteArrayOutputStream();
        boolean informational;
        boolean ended;
        int error = -1;
    }

    private FrameClient(int port, int receiveBuffer) throws IOException {
        socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(10_000);
        out = socket.getOutputStream();
        in = new DataInputStream(socket.getInputStream());
    }

    /// The server's side: the client's preface is read, SETTINGS are sent.
    FrameClient(Socket accepted, byte[] settings) throws IOException {
        socket = accepted;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(10_000);
        out = socket.getOutputStream();
        in = new DataInputStream(socket.getInputStream());
        in.readFully(new byte[Http2.PREFACE.length]);
        send(Http2.SETTINGS, 0, 0, settings);
    }

    /// Preface and empty SETTINGS are sent.
    static FrameClient connect(int port) throws IOException {
        return connect(port, new byte[0]);
    }

    static FrameClient connect(int port, byte[] settings) throws IOException {
        FrameClient client = silent(port);
        client.raw(Http2.PREFACE);
        client.send(Http2.SETTINGS, 0, 0, settings);
        return client;
    }

    /// Nothing is sent yet.
    static FrameClient silent(int port) throws IOException {
        return new FrameClient(port, 0);
    }

    /// Windows are not widened by themselves any more.
    FrameClient stingy() {
        generous = false;
        return this;
    }

    static byte[] setting(int name, int value) {
        return ByteBuffer.allocate(6).putShort((short) name).putInt(value).array();
    }

    static byte[] number(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    FrameClient raw(byte[] bytes) throws IOException {
        out.write(bytes);
        return this;
    }

    FrameClient send(int type, int flags, int stream, byte[] payload) throws IOException {
        raw(frame(type, flags, stream, payload));
        return this;
    }

    static byte[] frame(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    FrameClient data(int stream, boolean end, String text) throws IOException {
        return send(Http2.DATA, end ? Http2.END_STREAM : 0, stream, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    FrameClient get(int stream, String path) throws IOException {
        return headers(stream, true, ":method", "GET", ":scheme", "http", ":authority", "api.test", ":path", path);
    }

    FrameClient post(int stream, String path, String... more) throws IOException {
        List<String> fields = new ArrayList<>(List.of(":method", "POST", ":scheme", "http", ":authority", "api.test", ":path", path));
        fields.addAll(List.of(more));
        return headers(stream, false, fields.toArray(new String[0]));
    }

    /// @param fields names and values in turn
    FrameClient headers(int stream, boolean end, String... fields) throws IOException {
        return send(Http2.HEADERS, Http2.END_HEADERS | (end ? Http2.END_STREAM : 0), stream, block(fields));
    }

    /// Fields as literals without indexing.
    static byte[] block(String... fields) {
        var block = new java.io.ByteArrayOutputStream();
        for (int i = 0; i < fields.length; i += 2) {
            block.write(0);
            text(fields[i], block);
            text(fields[i + 1], block);
        }
        return block.toByteArray();
    }

    private static void text(String text, java.io.ByteArrayOutputStream to) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length < 127) {
            to.write(bytes.length);
        } else {
            to.write(127);
            int rest = bytes.length - 127;
            while (rest >= 128) {
                to.write(rest & 127 | 128);
                rest >>= 7;
            }
            to.write(rest);
        }
        to.writeBytes(bytes);
    }

    /// The next frame, null at the end of the connection.
    @Nullable Frame read() throws IOException {
        try {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            Frame frame = new Frame(in.readUnsignedByte(), in.readUnsignedByte(), in.readInt(), new byte[length]);
            in.readFully(frame.payload);
            took(frame);
            return frame;
        } catch (EOFException | SocketException e) {
            return null;
        }
    }

    private void took(Frame frame) throws IOException {
        switch (frame.type) {
            case Http2.SETTINGS -> {
                if ((frame.flags & Http2.ACK) == 0) {
                    trySend(Http2.SETTINGS, Http2.ACK, 0, new byte[0]);
                }
            }
            case Http2.HEADERS -> {
                Collected stream = stream(frame.stream);
                List<String> to = stream.fields.isEmpty() || stream.informational ? stream.fields : stream.trailers;
                to.clear();
                decoder.decode(frame.payload, frame.payload.length, (n, a, al, v, b, bl) -> to.add(
                        new String(n, a, al, StandardCharsets.ISO_8859_1) + ": " + new String(v, b, bl, StandardCharsets.ISO_8859_1)));
                stream.informational = !to.isEmpty() && to.getFirst().startsWith(":status: 1");
                stream.ended |= frame.isEnd();
            }
            case Http2.DATA -> {
                Collected stream = stream(frame.stream);
                stream.body.writeBytes(frame.payload);
                stream.ended |= frame.isEnd();
                if (generous && frame.payload.length > 0) {
                    trySend(Http2.WINDOW_UPDATE, 0, 0, number(frame.payload.length));
                    if (!frame.isEnd()) {
                        trySend(Http2.WINDOW_UPDATE, 0, frame.stream, number(frame.payload.length));
                    }
                }
            }
            case Http2.RST_STREAM -> stream(frame.stream).error = frame.number();
            case Http2.GOAWAY -> goAway = frame;
            default -> {}
        }
    }

    private void trySend(int type, int flags, int stream, byte[] payload) {
        try {
            send(type, flags, stream, payload);
        } catch (IOException e) {
            // Closed meanwhile: what came before is still to be read.
            assert !socket.isInputShutdown();
        }
    }

    private Collected stream(int id) {
        Collected stream = streams.get(id);
        if (stream == null) {
            stream = new Collected();
            streams.put(id, stream);
        }
        return stream;
    }

    Frame await(Predicate<Frame> wanted) throws IOException {
        Frame frame;
        while ((frame = read()) != null) {
            if (wanted.test(frame)) {
                return frame;
            }
        }
        throw new AssertionError("the connection ended before the frame that was waited for"
                + (goAway == null ? "" : "; " + reasonOfEnd()));
    }

    Frame await(int type, int stream) throws IOException {
        return await(frame -> frame.type == type && frame.stream == stream);
    }

    /// Reads until the stream has ended, or the connection.
    Answer answer(int id) throws IOException {
        Collected stream = stream(id);
        while (!stream.ended && stream.error < 0 && read() != null) {}
        return new Answer(List.copyOf(stream.fields), stream.body.toByteArray(), List.copyOf(stream.trailers), stream.ended, stream.error);
    }

    /// The next stream that the client begins: reads until its head is there.
    int nextRequest() throws IOException {
        return await(frame -> frame.type == Http2.HEADERS && stream(frame.stream).trailers.isEmpty()).stream;
    }

    /// Head and body of an answer, and its end.
    FrameClient respond(int stream, String body) throws IOException {
        headers(stream, false, ":status", "200", "x-stream", Integer.toString(stream));
        return data(stream, true, body);
    }

    /// Fields of the head that came on a stream.
    List<String> fields(int id) {
        return List.copyOf(stream(id).fields);
    }

    static byte[] goAway(int last, Http2.Code code) {
        return ByteBuffer.allocate(8).putInt(last).putInt(code.ordinal()).array();
    }

    /// Reads until the stream is reset.
    Http2.Code error(int id) throws IOException {
        Collected stream = stream(id);
        while (stream.error < 0 && read() != null) {}
        assert stream.error >= 0 : "stream " + id + " was not reset; " + reasonOfEnd();
        return Http2.Code.values()[stream.error];
    }

    /// Reads until the end of the connection.
    ///
    /// @return the code and text of GOAWAY, empty without one
    String reasonOfEnd() throws IOException {
        while (read() != null) {}
        Frame last = goAway;
        if (last == null) {
            return "";
        }
        ByteBuffer bytes = ByteBuffer.wrap(last.payload);
        bytes.getInt();
        return Http2.Code.values()[bytes.getInt()] + " "
                + new String(last.payload, 8, last.payload.length - 8, StandardCharsets.UTF_8);
    }

    /// Sends the same bytes again and again until the server ends the connection; fails if it does not.
    String flood(byte[] bytes, int times) throws IOException {
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                reasonOfEnd();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        try {
            for (int i = 0; i < times && reader.isAlive(); i++) {
                raw(bytes);
            }
        } catch (SocketException e) {
            assert goAway != null || reader.isAlive();
        }
        try {
            reader.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return goAway == null ? "no GOAWAY" : reasonOfEnd();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
