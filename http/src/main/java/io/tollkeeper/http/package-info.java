/// Servers and clients of HTTP, the only module that imports the network engine (Netty).
///
/// Everything here runs on event loops and never blocks. A reader starts at [io.tollkeeper.http.Engine], then follows
/// a request: [io.tollkeeper.http.Listener] → `Http1Connection` → [io.tollkeeper.http.ExchangeHandler] →
/// [io.tollkeeper.http.UpstreamPool] → `UpstreamConnection` → [io.tollkeeper.http.Response]. No public type exposes one
/// of the engine's, so that the same road serves every version of HTTP.
@org.jspecify.annotations.NullMarked
package io.tollkeeper.http;
