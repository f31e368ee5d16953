package io.tollkeeper.app.operate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Objects;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sees when a configuration file changed, on a virtual thread that looks four times a second.
///
/// A file that is being written may be valid half-way, with half of its products: it counts as changed only after it
/// looked the same twice. Looking costs one `stat`; the content is compared only when that differs, so that touching a
/// file takes nothing over. (Polling, because notifications do not tell of swapped symlinks and network mounts.)
public final class ConfigurationWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ConfigurationWatch.class);
    private static final Duration PACE = Duration.ofMillis(250);

    private final Path file;
    private final Runnable changed;
    private final Thread thread;

    /// What a `stat` tells; equal means unchanged.
    private record Look(@Nullable Object key, long size, long modified) {
        static final Look ABSENT = new Look(null, -1, -1);
    }

    private ConfigurationWatch(Path file, Runnable changed) {
        this.file = file;
        this.changed = changed;
        var look = look();
        var digest = digest();
        this.thread = Thread.ofVirtual().name("configuration-watch").unstarted(() -> watch(look, digest));
    }

    /// Starts to watch; what the file holds now counts as known. `changed` runs on the watch's thread and may block.
    public static ConfigurationWatch start(Path file, Runnable changed) {
        var watch = new ConfigurationWatch(file, changed);
        watch.thread.start();
        return watch;
    }

    private void watch(Look known, String knownDigest) {
        var lastLook = known;
        var digest = knownDigest;
        var taken = known;
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Thread.sleep(PACE);
            } catch (InterruptedException _) {
                return;
            }
            var look = look();
            boolean settled = look.equals(lastLook);
            lastLook = look;
            if (!settled || look.equals(taken)) {
                continue;
            }
            taken = look;
            var now = digest();
            if (!Objects.equals(now, digest)) {
                digest = now;
                tell();
            }
        }
    }

    private void tell() {
        try {
            changed.run();
        } catch (RuntimeException e) {
            log.error("taking over {} failed; the configuration before stays in force", file, e);
        }
    }

    private Look look() {
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Look(attributes.fileKey(), attributes.size(), attributes.lastModifiedTime().toMillis());
        } catch (NoSuchFileException _) {
            return Look.ABSENT;
        } catch (IOException e) {
            log.debug("cannot look at {}: {}", file, e.toString());
            return Look.ABSENT;
        }
    }

    /// Of the content; a text of its own for a file that cannot be read.
    private String digest() {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (IOException e) {
            return "unreadable: " + e;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override public void close() {
        thread.interrupt();
    }
}
