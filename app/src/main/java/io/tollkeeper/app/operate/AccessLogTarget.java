package io.tollkeeper.app.operate;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

import org.jspecify.annotations.Nullable;

/// Where the access log goes, as the setting `access-log` names it. Blocks.
public final class AccessLogTarget implements AutoCloseable {
    private final @Nullable WritableByteChannel channel;
    private final boolean ours;

    private AccessLogTarget(@Nullable WritableByteChannel channel, boolean ours) {
        this.channel = channel;
        this.ours = ours;
    }

    /// @param setting `stdout`, `stderr`, `off` or a path
    /// @throws IOException when the file cannot be opened; the message names the setting
    public static AccessLogTarget open(String setting) throws IOException {
        return switch (setting) {
            case "off" -> new AccessLogTarget(null, false);
            case "stdout" -> new AccessLogTarget(Channels.newChannel(new FileOutputStream(FileDescriptor.out)), false);
            case "stderr" -> new AccessLogTarget(Channels.newChannel(new FileOutputStream(FileDescriptor.err)), false);
            default -> file(Path.of(setting));
        };
    }

    private static AccessLogTarget file(Path file) throws IOException {
        try {
            return new AccessLogTarget(FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND), true);
        } catch (IOException e) {
            throw new IOException("access-log: " + file.toAbsolutePath() + " cannot be written: " + e.getMessage()
                    + " (expected: stdout, stderr, off, or a file in a folder that exists)", e);
        }
    }

    /// Null when there is no access log.
    public @Nullable WritableByteChannel channel() {
        return channel;
    }

    /// Closes a file; the process's own streams stay open.
    @Override public void close() throws IOException {
        if (ours && channel != null) {
            channel.close();
        }
    }
}
