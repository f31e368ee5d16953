package io.tollkeeper.http;

import java.net.InetSocketAddress;

import io.netty.buffer.ByteBuf;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Words for what goes wrong on one connection to an upstream: which connection, its past, what was sent and received by
/// then. Used on failures only.
final class UpstreamEvidence {

    private final ConnectionPool pool;
    private final InetSocketAddress address;
    private final long number;

    UpstreamEvidence(ConnectionPool pool, InetSocketAddress address, long number) {
        this.pool = pool;
        this.address = address;
        this.number = number;
    }

    /// Which connection, and its past.
    String connection(UpstreamFacts facts) {
        String at = pool.destination().name() + " at " + Evidence.address(address) + ", connection #" + number;
        if (facts.stream != 0) {
            at += ", stream " + facts.stream;
        }
        return facts.reused
                ? at + " (reused, " + facts.requestsOnConnection + " requests before, age " + Evidence.time(facts.connectionAgeNanos)
                        + ", idle " + Evidence.time(facts.connectionIdleNanos) + ")"
                : at + " (new)";
    }

    String unaskedBytes(ByteBuf bytes) {
        return "sent " + bytes.readableBytes() + " bytes that nobody asked for on the idle connection #" + number
                + ", " + Evidence.firstBytes(bytes, bytes.readerIndex()) + "; the connection is dropped";
    }

    String bytesAfterAnswer(ByteBuf rest) {
        return "sent " + rest.readableBytes() + " bytes more than its answer on connection #" + number + ", "
                + Evidence.firstBytes(rest, rest.readerIndex()) + "; the connection is dropped";
    }

    /// A head that the parser refused.
    String refusedHead(UpstreamFacts facts, MessageParser parser, ByteBuf buffered, int start) {
        StringBuilder text = new StringBuilder(connection(facts)).append(": ").append(parser.evidence());
        if (parser.refusal() == Reason.UPSTREAM_HEADERS_TOO_LARGE) {
            text.append(parser.refusedLine(buffered)).append(", limit ").append(pool.upstreams().settings().headSize());
        } else {
            text.append("; ").append(otherProtocol(buffered, start));
        }
        return text.toString();
    }

    String noHttp(UpstreamFacts facts, ByteBuf buffered, int start) {
        return connection(facts) + ": the answer is no HTTP; " + otherProtocol(buffered, start);
    }

    private static String otherProtocol(ByteBuf buffered, int start) {
        String other = Evidence.otherProtocol(buffered, start);
        return Evidence.firstBytes(buffered, start) + (other.isEmpty() ? "" : "; " + other);
    }

    String refusedBody(UpstreamFacts facts, WireBody body, BodyDecoder decoder, ByteBuf buffered) {
        return connection(facts) + ": body after " + body.received() + " bytes: " + decoder.evidence() + "; "
                + Evidence.firstBytes(buffered, buffered.readerIndex());
    }

    String proxyAsks(UpstreamFacts facts, @Nullable String wanted) {
        return connection(facts) + ": the proxy answered with 407" + (wanted == null ? "" : "; it asks for " + wanted);
    }

    String tlsAlert(UpstreamFacts facts, int alert) {
        return connection(facts) + ": the upstream ended TLS with " + TlsAlert.describe(alert) + " "
                + Evidence.time(System.nanoTime() - facts.headSentNanos) + " after the request's first byte";
    }

    /// It ended before a byte of an answer came.
    String endedBeforeAnswer(
            UpstreamFacts facts, @Nullable Throwable readFailure, @Nullable Throwable writeFailure, String whyNotRepeated) {
        return connection(facts) + ": " + how(readFailure) + " " + Evidence.time(System.nanoTime() - facts.headSentNanos)
                + " after the request's first byte, " + facts.bytesSent + " bytes sent"
                + (writeFailure == null ? "" : " (" + writeFailure.getMessage() + ")")
                + ", 0 bytes of an answer received; "
                + (facts.reused
                        ? pool.destination().learned() + ", our pool keeps them "
                                + Evidence.time(pool.destination().idleLimit(pool.upstreams().settings().idle().toNanos())) + "; "
                        : "")
                + "not repeated: " + whyNotRepeated;
    }

    /// It ended within the head of the answer.
    String endedInHead(UpstreamFacts facts, @Nullable Throwable readFailure) {
        return endedInAnswer(facts, readFailure) + facts.bytesReceived + " bytes received, the head is incomplete";
    }

    /// It ended within the body of the answer.
    ///
    /// @param declared its Content-Length, negative without one
    String endedInBody(
            UpstreamFacts facts, @Nullable Throwable readFailure, long declared, WireBody body, BodyDecoder decoder) {
        return endedInAnswer(facts, readFailure)
                + (declared >= 0
                        ? "declared " + declared + " bytes of body"
                        : decoder.isUntilClose() ? "a body until the connection closes" : "a chunked body")
                + ", received " + body.received() + ", missing " + decoder.missing();
    }

    private String endedInAnswer(UpstreamFacts facts, @Nullable Throwable readFailure) {
        return connection(facts) + ": " + how(readFailure) + ' ' + Evidence.time(System.nanoTime() - facts.firstByteNanos)
                + " after the first byte of its answer; ";
    }

    String tunnelBroke(UpstreamFacts facts, @Nullable Throwable readFailure) {
        return connection(facts) + ": " + how(readFailure) + ' ' + Evidence.time(System.nanoTime() - facts.firstByteNanos)
                + " after the tunnel stood; " + throughTunnel(facts);
    }

    String idleTunnel(UpstreamFacts facts, Upstream.Timeouts timeouts) {
        return connection(facts) + ": no byte went through the tunnel for " + Evidence.time(timeouts.tunnel().toNanos())
                + ", in neither direction; before that, " + throughTunnel(facts);
    }

    private static String throughTunnel(UpstreamFacts facts) {
        return facts.bytesSent + " bytes were sent to the upstream and " + facts.bytesReceived + " received, heads included";
    }

    private static String how(@Nullable Throwable readFailure) {
        return readFailure != null
                ? "it was reset by the upstream (" + readFailure.getMessage() + ")"
                : "the upstream closed it (FIN)";
    }

    String noFirstByte(UpstreamFacts facts, Upstream.Timeouts timeouts) {
        return connection(facts) + ": the request (" + facts.bytesSent + " bytes) was sent "
                + Evidence.time(System.nanoTime() - facts.requestSentNanos) + " ago, 0 bytes of an answer received; limit "
                + Evidence.time(timeouts.firstByte().toNanos()) + " to the first byte";
    }

    String idleInHead(UpstreamFacts facts, Upstream.Timeouts timeouts, int informational) {
        return idle(facts, timeouts) + (informational > 0
                ? ", " + informational + " informational answers (1xx) among them"
                : ", the head is incomplete");
    }

    String idleInBody(UpstreamFacts facts, Upstream.Timeouts timeouts, BodyDecoder decoder) {
        return idle(facts, timeouts) + ", missing " + decoder.missing();
    }

    /// Nothing came on a stream of HTTP/2.
    String idleInStream(UpstreamFacts facts, Upstream.Timeouts timeouts) {
        return idle(facts, timeouts) + ", its end is missing";
    }

    /// A stream of HTTP/2 ended before its time.
    ///
    /// @param declared its Content-Length, negative without one
    String streamEnded(UpstreamFacts facts, String how, boolean headRead, long declared, WireBody body) {
        long since = facts.firstByteNanos != 0 ? facts.firstByteNanos : facts.headSentNanos;
        return connection(facts) + ": " + how + ' ' + Evidence.time(System.nanoTime() - since) + " after the first byte of "
                + (facts.firstByteNanos != 0 ? "its answer; " : "the request; ")
                + (headRead
                        ? "received " + body.received() + " bytes of body"
                                + (declared >= 0 ? ", declared " + declared : ", its end is missing")
                        : "0 bytes of an answer received");
    }

    /// The upstream never allows more of the request.
    String windowClosed(UpstreamFacts facts, Upstream.Timeouts timeouts) {
        return connection(facts) + ": its flow control window allowed no byte of the request for "
                + Evidence.time(timeouts.send().toNanos()) + "; " + facts.bytesSent + " bytes handed over so far";
    }

    private String idle(UpstreamFacts facts, Upstream.Timeouts timeouts) {
        return connection(facts) + ": nothing came for " + Evidence.time(timeouts.idle().toNanos())
                + " (limit between two bytes) after " + facts.bytesReceived + " bytes of the answer";
    }

    String takesNothing(UpstreamFacts facts, Upstream.Timeouts timeouts, long pending) {
        return connection(facts) + ": it took no byte of the request for " + Evidence.time(timeouts.send().toNanos()) + "; "
                + (facts.bytesSent - pending) + " bytes accepted so far, " + pending + " wait";
    }
}
