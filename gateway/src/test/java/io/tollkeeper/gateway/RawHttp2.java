package io.tollkeeper.gateway;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Sends frames of HTTP/2 with prior knowledge, right or wrong, and tells how stream 1 ended. Reads of an answer's head
/// only its status, which Tollkeeper writes first and plainly. Blocks, at most ten seconds per wait.
final class RawHttp2 implements AutoCloseable {

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int GOAWAY = 7;
    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;
    private static final int ACK = 1;

    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final List<String> CODES = List.of("NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR",
            "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
            "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED");

    private final Socket socket;
    private final DataInputStream in;

    private RawHttp2(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(10_000);
        in = new DataInputStream(socket.getInputStream());
    }

    static RawHttp2 connect(int port) throws IOException {
        var client = new RawHttp2(new Socket(InetAddress.getLoopbackAddress(), port));
        client.socket.getOutputStream().write(PREFACE);
        client.send(SETTINGS, 0, 0, new byte[0]);
        return client;
    }

    void send(int type, int flags, int stream, byte[] payload) throws IOException {
        socket.getOutputStream().write(ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16)).putShort((short) payload.length)
                .put((byte) type).put((byte) flags).putInt(stream).put(payload).array());
    }

    /// @param fields names and values in turn
    void headers(int stream, boolean end, List<String> fields) throws IOException {
        var block = new ByteArrayOutputStream();
        for (int i = 0; i < fields.size(); i += 2) {
            block.write(0); // literal, not indexed, new name
            text(fields.get(i), block);
            text(fields.get(i + 1), block);
        }
        send(HEADERS, END_HEADERS | (end ? END_STREAM : 0), stream, block.toByteArray());
    }

    private static void text(String text, ByteArrayOutputStream to) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length < 127) {
            to.write(bytes.length);
        } else {
            to.write(127);
            int rest = bytes.length - 127;
            for (; rest >= 128; rest >>= 7) {
                to.write(rest & 127 | 128);
            }
            to.write(rest);
        }
        to.writeBytes(bytes);
    }

    /// How the stream ended: its status, `reset CODE`, `goaway CODE`, or `closed`.
    String ending(int stream) throws IOException {
        int status = 0;
        try {
            while (true) {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                int flags = in.readUnsignedByte();
                int id = in.readInt();
                byte[] payload = in.readNBytes(length);
                if (type == SETTINGS && (flags & ACK) == 0) {
                    send(SETTINGS, ACK, 0, new byte[0]);
                } else if (type == GOAWAY) {
                    return "goaway " + CODES.get(ByteBuffer.wrap(payload).getInt(4));
                } else if (type == RST_STREAM && id == stream) {
                    return "reset " + CODES.get(ByteBuffer.wrap(payload).getInt());
                } else if (type == HEADERS && id == stream && status == 0) {
                    status = status(payload);
                }
                if (id == stream && (type == HEADERS || type == DATA) && (flags & END_STREAM) != 0 && status != 400) {
                    return Integer.toString(status); // 400 to a malformed request is followed by its reset
                }
            }
        } catch (EOFException | SocketException e) {
            return "closed";
        }
    }

    /// The first field of a block: an entry of the fixed table, or its name and three digits.
    private static int status(byte[] block) {
        int[] fixed = {200, 204, 206, 304, 400, 404, 500};
        int first = block[0] & 0xff;
        return first >= 0x88 && first <= 0x8e
                ? fixed[first - 0x88]
                : Integer.parseInt(new String(block, 2, 3, StandardCharsets.US_ASCII));
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
