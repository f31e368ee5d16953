package io.tollkeeper.store.crash;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

import io.tollkeeper.core.usage.CommitWaiter;
import io.tollkeeper.store.House;

/// A process of its own that counts until it is killed: one application per thread, one call at a time, each
/// acknowledged call told on standard output.
///
/// Arguments: data folder, number of applications, and `once` for a single call.
public final class AcknowledgingChild {

    private AcknowledgingChild() {}

    public static void main(String[] arguments) {
        House house = new House(Path.of(arguments[0]), House.OFTEN);
        int applications = Integer.parseInt(arguments[1]);
        if (house.catalog.current().product("s") == null) {
            house.found(applications);
        }
        if (arguments.length > 2) {
            house.acknowledged("a0");
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            say("APPEND");
            house.authrep("a0", CommitWaiter.completing(done));
            done.join();
            say("ACKNOWLEDGED");
            house.close();
            return;
        }
        say("READY");
        for (int i = 0; i < applications; i++) {
            String application = "a" + i;
            Thread.ofPlatform().start(() -> {
                while (true) {
                    if (house.acknowledged(application)) {
                        say(application);
                    }
                    // Nobody waits for this one: it may be lost, and must not be counted twice.
                    house.authrep("in-process", null);
                }
            });
        }
    }

    private static void say(String line) {
        synchronized (System.out) {
            System.out.println(line);
            System.out.flush();
        }
    }
}
