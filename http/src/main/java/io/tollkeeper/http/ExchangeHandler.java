package io.tollkeeper.http;

import io.tollkeeper.core.reason.Reason;

/// What a server does with requests. Called on the connection's event loop; must not block.
///
/// A handler has one exchange at a time. HTTP/1 makes one handler per connection and uses it for the requests of that
/// connection one after another; HTTP/2 uses one per stream under way, for streams of several connections after one
/// another. On both, a handler whose exchange ended other than [Ending#COMPLETE] is never used again: whatever comes late
/// for that exchange (a commit, a load, a peeked body) finds a handler without an exchange, not one with another's.
///
/// Per request exactly one of [#requested] and [#refused] is called, then, after the answer's last byte was handed to
/// the socket or the exchange broke, exactly one [#ended]. `Request` and `Response` are reused: they must not be kept
/// after `ended` returns.
public interface ExchangeHandler {

    /// A complete request head was read. The handler answers now or later, on the same loop.
    void requested(Request request, Response response);

    /// The bytes on the wire are not a request that may be served (malformed, too large, too slow). The handler must
    /// answer at once and completely; the connection closes afterwards. `request` holds what could be read.
    void refused(Request request, Response response, Reason reason, String evidence);

    /// The exchange is over. [Response#bodyBytes] and [Response#status] tell what was sent. Work still going on for this
    /// exchange (an upstream call) must be cancelled here if the ending is not [Ending#COMPLETE].
    void ended(Request request, Response response, Ending ending);

    /// Makes the handlers of a listener.
    interface Factory {
        /// Called on `loop` once per connection (HTTP/1), or whenever more streams are under way than ever before (HTTP/2).
        ExchangeHandler create(Loop loop);
    }
}
