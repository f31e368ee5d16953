package io.tollkeeper.app.control;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// One question and one answer per connection, each a line of JSON. Blocks.
final class Wire {
    private static final JsonMapper JSON = JsonMapper.shared();

    /// A question is a few words; whoever sends more is not our command line.
    static final int LONGEST_QUESTION = 4096;

    /// Explanations and status pages are small; this only bounds a peer gone wild.
    static final int LONGEST_ANSWER = 16 << 20;

    private Wire() {}

    record Question(String command, @Nullable String id) {}

    static void write(SocketChannel channel, Object message) throws IOException {
        var bytes = ByteBuffer.wrap((JSON.writeValueAsString(message) + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    static Map<?, ?> read(SocketChannel channel, int longest) throws IOException {
        var line = new java.io.ByteArrayOutputStream();
        var buffer = ByteBuffer.allocate(8192);
        while (channel.read(buffer) >= 0) {
            buffer.flip();
            while (buffer.hasRemaining()) {
                byte b = buffer.get();
                if (b == '\n') {
                    return JSON.readValue(line.toByteArray(), Map.class);
                }
                if (line.size() >= longest) {
                    throw new IOException("a line of more than " + longest + " bytes");
                }
                line.write(b);
            }
            buffer.clear();
        }
        throw new IOException("closed before the end of the line");
    }
}
