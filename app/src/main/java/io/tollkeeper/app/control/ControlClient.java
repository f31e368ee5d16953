package io.tollkeeper.app.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/// The command line's end of the control socket. Blocks.
public final class ControlClient {
    private final Path folder;

    public ControlClient(Path folder) {
        this.folder = folder;
    }

    public Answer explain(String requestId) {
        return ask(new Wire.Question("explain", requestId));
    }

    public Answer status() {
        return ask(new Wire.Question("status", null));
    }

    public Answer reload() {
        return ask(new Wire.Question("reload", null));
    }

    private Answer ask(Wire.Question question) {
        var socket = ControlSocket.in(folder);
        if (!Files.exists(socket)) {
            return Answer.refused(nobody());
        }
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(ControlSocket.shortest(socket)));
            Wire.write(channel, question);
            var answer = Wire.read(channel, Wire.LONGEST_ANSWER);
            return new Answer(answer.get("exitCode") instanceof Integer code ? code : 1, text(answer.get("text")));
        } catch (java.net.ConnectException _) {
            return Answer.refused(nobody() + " (" + socket + " is left over from a process that was killed)");
        } catch (IOException | JacksonException e) {
            return Answer.refused("the process on " + folder.toAbsolutePath() + " did not answer: " + e.getMessage()
                    + (Files.isWritable(socket) ? "" : " (the socket belongs to another user)"));
        }
    }

    private String nobody() {
        return "no process is running on " + folder.toAbsolutePath()
                + " (start one with: tollkeeper run; or name its folder with --data DIR)";
    }

    private static String text(@Nullable Object text) {
        return text == null ? "" : text.toString();
    }
}
