package io.tollkeeper.gateway.route;

import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/// Configurations that are fetched per host when a request needs them (gateway specification, section 2.3, lazy). Asked
/// on event loops; never blocks.
public interface HostLoader {

    /// Whether the products in force may answer for this host as they are.
    boolean isCurrent(String host);

    /// Has the configuration of a host fetched and put in force, one fetch at a time per host. `then` is told once, on any
    /// thread, what went wrong, or null: the products in force are then what there is to answer by.
    void load(String host, Consumer<@Nullable String> then);
}
