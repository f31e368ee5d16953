package io.tollkeeper.app.control;

/// What a running process can be asked. Called on virtual threads; may block.
public interface Controls {

    /// Tells what happened to a call.
    Answer explain(String requestId);

    /// Tells what listens where, which configuration is in force, and what is wrong.
    Answer status();

    /// Reads the configuration file now.
    Answer reload();
}
