package io.tollkeeper.app.control;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

import org.jspecify.annotations.Nullable;

/// The folder in which one process keeps its state, held by a file lock that the system drops when the process dies,
/// however it dies. Blocks.
public final class DataFolder implements AutoCloseable {
    private final Path folder;
    private final FileChannel channel;
    private final FileLock lock;

    private DataFolder(Path folder, FileChannel channel, FileLock lock) {
        this.folder = folder;
        this.channel = channel;
        this.lock = lock;
    }

    /// What became of the wish to hold a folder.
    public sealed interface Held {
        record Yes(DataFolder folder) implements Held {}

        /// The message is for a person.
        record No(String message) implements Held {}
    }

    /// Makes the folder if it is not there (for its owner only) and takes its lock.
    public static Held hold(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            return new Held.No("data folder " + folder.toAbsolutePath() + " cannot be made: " + reason(e)
                    + " (choose another with --data DIR)");
        }
        var file = folder.resolve("lock");
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            var lock = tryLock(channel);
            if (lock == null) {
                var holder = Files.readString(file).strip();
                channel.close();
                return new Held.No("data folder " + folder.toAbsolutePath() + " is in use by process "
                        + (holder.isEmpty() ? "(unknown)" : holder)
                        + ": two processes cannot count on one store (stop that one, or choose another with --data DIR)");
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
            return new Held.Yes(new DataFolder(folder, channel, lock));
        } catch (IOException e) {
            closeQuietly(channel);
            return new Held.No("data folder " + folder.toAbsolutePath() + " cannot be written: " + reason(e)
                    + " (choose another with --data DIR)");
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException _) {
            return null; // held by this very process
        }
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException _) {
                // The message about why the folder cannot be held is the one that helps.
            }
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case java.nio.file.AccessDeniedException _ -> "permission denied";
            case java.nio.file.FileAlreadyExistsException taken -> taken.getFile() + " is not a folder";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    public Path path() {
        return folder;
    }

    public Path socket() {
        return socket(folder);
    }

    /// Where a process that holds `folder` listens.
    public static Path socket(Path folder) {
        return folder.resolve("control.sock");
    }

    @Override public void close() {
        try {
            lock.release();
            channel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
