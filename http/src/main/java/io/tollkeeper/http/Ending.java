package io.tollkeeper.http;

/// How an exchange with a client ended.
public enum Ending {
    /// The whole answer was handed to the socket.
    COMPLETE,
    /// The client closed or reset its connection before the answer was complete.
    CLIENT_ABORTED,
    /// The client did not take the answer's bytes within the send timeout.
    CLIENT_TOO_SLOW,
    /// The answer broke off because its source did; the client saw a truncated answer and a closed connection.
    TRUNCATED,
    /// The server is shutting down and its drain time was over.
    SHUT_DOWN
}
