package io.tollkeeper.core.authorize;

/// Reads applications from the stores on threads of its own. Never blocks its caller; its queue is bounded.
public interface Loader {

    /// Queues a load; `done` is called once, from any thread. False if the queue is full (`M-OVERLOAD`): `done` is
    /// then never called.
    boolean submit(LoadKey key, Done done);

    /// Receives what was found.
    @FunctionalInterface
    interface Done {
        void loaded(Loaded found);
    }
}
