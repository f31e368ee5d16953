package io.tollkeeper.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.tollkeeper.store.sqlite.StoreFileException;

/// The data folder, held by one process: a lock that the system releases when the process ends, however it ends.
/// Blocks.
final class DataFolder implements AutoCloseable {

    /// Folders that this process holds. Asking the system would not do: closing any channel on the lock's file, even a
    /// second one, gives up the lock.
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel channel;

    private DataFolder(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /// Creates the folder if it is not there and takes it, or says who has it.
    static DataFolder take(Path folder) {
        try {
            if (!Files.isDirectory(folder)) {
                // Keys are in it: for its owner only, unless somebody made it otherwise on purpose.
                Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            Path path = folder.toRealPath();
            if (!HELD.add(path)) {
                throw new StoreFileException(inUse(folder, "this process, " + ProcessHandle.current().pid()));
            }
            try {
                return new DataFolder(path, lock(path));
            } catch (IOException | StoreFileException e) {
                HELD.remove(path);
                throw e;
            }
        } catch (IOException e) {
            throw new StoreFileException(
                    "data folder " + folder + " cannot be used: " + e
                            + ". Give one that this user may write to (--data DIR).",
                    e);
        }
    }

    private static FileChannel lock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(
                path.resolve("tollkeeper.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new StoreFileException(inUse(path, holder(channel)));
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(
                    Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            return channel;
        } catch (IOException | StoreFileException e) {
            channel.close();
            throw e;
        }
    }

    private static String inUse(Path path, String holder) {
        return "data folder " + path + " is in use by " + holder
                + ". Stop it, or give this one another folder (--data DIR).";
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(20);
        channel.read(bytes, 0);
        String pid = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII).strip();
        return pid.isEmpty() ? "another process" : "process " + pid;
    }

    Path path() {
        return path;
    }

    /// Lets another process have the folder.
    @Override
    public void close() throws IOException {
        channel.close();
        HELD.remove(path);
    }
}
