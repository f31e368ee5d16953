package io.tollkeeper.testkit;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/// Waits for a condition with a deadline and fails with the last value seen. Blocks the calling thread.
public final class Eventually {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long STEP_MILLIS = 5;

    private Eventually() {}

    /// Waits up to 10 s until the value is as wanted and returns it. An AssertionError while looking means: not yet.
    public static <T extends @Nullable Object> T value(String what, Callable<T> value, Predicate<? super T> wanted) {
        return value(what, PATIENCE, value, wanted);
    }

    public static <T extends @Nullable Object> T value(
            String what, Duration patience, Callable<T> value, Predicate<? super T> wanted) {
        var deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            String last;
            try {
                T seen = value.call();
                if (wanted.test(seen)) {
                    return seen;
                }
                last = "last seen: " + seen;
            } catch (AssertionError notYet) {
                last = "last failure: " + notYet.getMessage();
            } catch (Exception failure) {
                throw new AssertionError(what + ": looking at it failed", failure);
            }
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError(what + ": not within " + patience.toMillis() + " ms; " + last);
            }
            rest(what);
        }
    }

    /// Waits up to 10 s until the condition holds.
    public static void holds(String what, Callable<Boolean> condition) {
        holds(what, PATIENCE, condition);
    }

    public static void holds(String what, Duration patience, Callable<Boolean> condition) {
        value(what, patience, condition, Boolean.TRUE::equals);
    }

    /// Repeats assertions for up to 10 s until they pass; then the last failure is the test's failure.
    public static void passes(Runnable assertions) {
        passes(PATIENCE, assertions);
    }

    public static void passes(Duration patience, Runnable assertions) {
        var deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                assertions.run();
                return;
            } catch (AssertionError failure) {
                if (System.nanoTime() - deadline > 0) {
                    throw failure;
                }
            }
            rest("assertions");
        }
    }

    private static void rest(String what) {
        try {
            TimeUnit.MILLISECONDS.sleep(STEP_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(what + ": interrupted while waiting", interrupted);
        }
    }
}
