package io.tollkeeper.http;

/// A client's connection as its listener sees it. On its loop.
abstract class ServerConnection extends WireConnection {

    private final Loop loop;

    ServerConnection(Loop loop) {
        this.loop = loop;
    }

    /// Any thread.
    final Loop loop() {
        return loop;
    }

    /// Ends soon: an idle connection at once, another with the answers that it owes.
    abstract void drain();

    /// The drain time is over.
    abstract void closeNow();
}
