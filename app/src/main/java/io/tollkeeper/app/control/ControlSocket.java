package io.tollkeeper.app.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/// The running process's end of the control socket: a virtual thread that accepts, one more per question.
public final class ControlSocket implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControlSocket.class);

    private final Path socket;
    private final ServerSocketChannel server;
    private final Controls controls;

    private ControlSocket(Path socket, ServerSocketChannel server, Controls controls) {
        this.socket = socket;
        this.server = server;
        this.controls = controls;
    }

    /// Listens in a data folder that this process holds (its store has taken the folder's lock): so nobody else listens
    /// there, and a socket file is the leftover of a process that was killed, which is replaced.
    public static ControlSocket listen(Path folder, Controls controls) throws IOException {
        var socket = in(folder);
        Files.deleteIfExists(socket);
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(shortest(socket)));
            // Until this line the usual mask applies, which lets nobody else write, and connecting is writing.
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
        var control = new ControlSocket(socket, server, controls);
        Thread.ofVirtual().name("control").start(control::accept);
        return control;
    }

    /// Where the process that holds `folder` listens.
    static Path in(Path folder) {
        return folder.resolve("control.sock");
    }

    /// Addresses of Unix sockets have some 100 bytes; a relative path may fit where the absolute one does not.
    static Path shortest(Path socket) {
        var absolute = socket.toAbsolutePath().normalize();
        var relative = Path.of("").toAbsolutePath().relativize(absolute);
        return relative.toString().length() < absolute.toString().length() ? relative : absolute;
    }

    private void accept() {
        while (true) {
            try {
                var client = server.accept();
                Thread.ofVirtual().name("control-question").start(() -> serve(client));
            } catch (ClosedChannelException _) {
                return; // close() was called
            } catch (IOException e) {
                log.warn("control socket {}: {}", socket, e.toString());
                return;
            }
        }
    }

    private void serve(SocketChannel client) {
        try (client) {
            Wire.write(client, answer(Wire.read(client, Wire.LONGEST_QUESTION)));
        } catch (IOException | JacksonException e) {
            log.debug("control socket: {}", e.toString()); // whoever asked went away, or was not our command line
        }
    }

    private Answer answer(Map<?, ?> question) {
        try {
            return switch (String.valueOf(question.get("command"))) {
                case "explain" -> controls.explain(String.valueOf(question.get("id")));
                case "status" -> controls.status();
                case "reload" -> controls.reload();
                default -> Answer.refused("unknown question " + question.get("command")
                        + " (the command line and the running process are of different versions?)");
            };
        } catch (RuntimeException e) {
            log.error("question {} failed", question, e);
            return Answer.refused("the running process failed on this question: " + e.getMessage() + " (its log tells more)");
        }
    }

    @Override public void close() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
    }
}
