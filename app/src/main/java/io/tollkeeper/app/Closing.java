package io.tollkeeper.app;

import java.util.ArrayDeque;
import java.util.Deque;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What was opened, closed in reverse order; one that fails to close does not keep the others open. Belongs to the thread
/// that starts and stops the program.
final class Closing implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Closing.class);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /// Takes charge of something that was just opened.
    <T extends AutoCloseable> T with(T thing) {
        opened.push(thing);
        return thing;
    }

    @Override public void close() {
        while (!opened.isEmpty()) {
            var thing = opened.pop();
            try {
                thing.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                log.error("interrupted while closing {}", thing, e);
            } catch (Exception e) {
                log.error("closing {} failed", thing, e);
            }
        }
    }
}
