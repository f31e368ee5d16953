package io.tollkeeper.http;

import java.net.InetSocketAddress;
import java.util.List;

import org.jspecify.annotations.Nullable;

/// A request as a client sent it. Belongs to its connection's event loop; valid until [ExchangeHandler#ended].
///
/// The target is kept as the client wrote it: nothing is decoded or normalised here.
public final class Request {

    final Headers headers = new Headers();
    String method = "";
    String target = "";
    String path = "";
    @Nullable String query;
    String host = "";
    String hostField = "";
    String hostFieldHost = "";
    int majorVersion = 1;
    int minorVersion = 1;
    Body body = Body.none();
    long startedNanos;
    long headReadNanos;
    boolean expectsContinue;
    @Nullable Peer peer;
    long headBytes;

    Request() {}

    /// Upper-case method name, e.g. `GET`.
    public String method() {
        return method;
    }

    /// The request target byte for byte (as Latin-1), without scheme and authority where it was in absolute form and
    /// without a fragment: e.g. `/a%20b?x=1`.
    public String target() {
        return target;
    }

    /// The target up to the first `?`, not decoded.
    public String path() {
        return path;
    }

    /// What follows the first `?`, not decoded; null without one.
    public @Nullable String query() {
        return query;
    }

    /// Host the request is for: lower case, without port; from the target if that was in absolute form, else from the
    /// `Host` header (`:authority` in HTTP/2); empty if an HTTP/1.0 request named none.
    public String host() {
        return host;
    }

    /// 1 or 2.
    public int majorVersion() {
        return majorVersion;
    }

    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    public String protocol() {
        return majorVersion == 2 ? "HTTP/2.0" : minorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1";
    }

    public Headers headers() {
        return headers;
    }

    /// Whether the client says that it takes trailers behind an answer (`TE: trailers`).
    public boolean takesTrailers() {
        for (int i = headers.find(HeaderName.TE, 0); i >= 0; i = headers.find(HeaderName.TE, i + 1)) {
            if (headers.valueIs(i, "trailers")) {
                return true;
            }
            for (String coding : headers.value(i).split(",")) {
                if (coding.strip().equalsIgnoreCase("trailers")) {
                    return true;
                }
            }
        }
        return false;
    }

    /// The request's body; [Body#none] if there is none.
    public Body body() {
        return body;
    }

    /// The client's side of the connection.
    public Peer peer() {
        if (peer == null) {
            throw new IllegalStateException("request used outside of an exchange");
        }
        return peer;
    }

    /// [System#nanoTime] when the first byte of the request was seen.
    public long startedNanos() {
        return startedNanos;
    }

    /// [System#nanoTime] when the head was complete.
    public long headReadNanos() {
        return headReadNanos;
    }

    /// Size of the request line and headers as sent.
    public long headBytes() {
        return headBytes;
    }

    /// Facts about the connection a request came by.
    ///
    /// @param remote    the client's address (the PROXY header's source where that is in use)
    /// @param local     the address it connected to
    /// @param tls       facts of the TLS session, null on a plain connection
    /// @param connectionNumber counts the connections of this process
    public record Peer(
            InetSocketAddress remote, InetSocketAddress local, @Nullable Tls tls, long connectionNumber) {

        /// The address as text without port, e.g. `10.0.0.9`.
        public String address() {
            return remote.getAddress().getHostAddress();
        }
    }

    /// What is known of a client's TLS session.
    ///
    /// @param clientChain the client's certificate and its issuers as sent, in DER; empty if it was not asked or sent none.
    ///                    Nobody has checked it
    public record Tls(String protocol, String cipher, @Nullable String serverName, List<byte[]> clientChain) {}
}
