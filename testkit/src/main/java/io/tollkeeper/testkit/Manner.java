package io.tollkeeper.testkit;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.zip.CRC32;

/// How a [RudePeer] behaves in one exchange: reads what it wants, answers what it wants and says whether the connection
/// goes on. A lambda serves for what is not in the list below.
///
/// | group | manners |
/// |---|---|
/// | good | [#citizen()], [#answering(String)], [#closingIdleAfter(Duration, Manner)], [#inTurn(Manner...)] |
/// | ends too soon | [#resetAtOnce()], [#resetAfterRequest()], [#resetAfter(String)], [#closeAtOnce()], [#closeAfter(String)], [#truncatedLength(long, int)], [#truncatedChunks()] |
/// | too slow | [#silent()], [#notReading()], [#readingSlowly(int, Duration, Manner)], [#dripping(String, int, Duration)] |
/// | too early | [#earlyAnswer(String)], [#earlyAnswerThenClose(String)], [#earlyAnswerThenReset(String)] |
/// | another protocol | [#garbage()], [#tlsBytes()], [#tlsAlert(int)], [#plainWhereTlsIsExpected()] |
/// | bad HTTP | [#informational(int, Manner)], [#lengthAndChunked()], [#extraBytes(String)], [#bodyWithStatus(int)], [#bodyAfterHead()], [#oversizedHead(int)] |
@FunctionalInterface
public interface Manner {

    /// True: the connection goes on with the next exchange. False: it is closed with FIN.
    boolean meet(Conversation with) throws IOException;

    /// A well-behaved upstream. `/status/418` answers with that status, `/bytes/1000` with so many bytes,
    /// `/chunked/1000` with the same bytes chunked, anything else with JSON that tells what was received. The bytes
    /// are those of [Pattern]. Keeps the connection unless told otherwise.
    static Manner citizen() {
        return new Citizen();
    }

    /// Answers every request with exactly this and keeps the connection.
    static Manner answering(String rawAnswer) {
        return with -> {
            if (with.readRequest() == null) {
                return false;
            }
            with.write(rawAnswer);
            return true;
        };
    }

    /// Agrees to speak another protocol (101), then goes on as `then` does.
    static Manner switching(String protocol, Manner then) {
        return with -> {
            if (with.readHead() == null) {
                return false;
            }
            with.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: " + protocol + "\r\nConnection: Upgrade\r\nX-Kept: yes\r\n\r\n");
            return then.meet(with);
        };
    }

    /// As `manner`, but closes a connection on which no request came for so long.
    static Manner closingIdleAfter(Duration idle, Manner manner) {
        return with -> with.awaitRequest(idle) && manner.meet(with);
    }

    /// The first exchange of every connection as the first manner, and so on; the last one repeats.
    static Manner inTurn(Manner... manners) {
        var turns = List.of(manners);
        return with -> turns.get(Math.min(with.exchange(), turns.size()) - 1).meet(with);
    }

    /// RST as soon as the connection is accepted: the client may hear of it before, while or after it asks.
    static Manner resetAtOnce() {
        return with -> {
            with.reset();
            return false;
        };
    }

    /// Reads the request, then RST without a byte of an answer.
    static Manner resetAfterRequest() {
        return resetAfter("");
    }

    /// Reads the request, writes these bytes, then RST.
    static Manner resetAfter(String firstBytes) {
        return with -> {
            with.readRequest();
            with.write(firstBytes);
            with.reset();
            return false;
        };
    }

    /// FIN as soon as the connection is accepted.
    static Manner closeAtOnce() {
        return _ -> false;
    }

    /// Reads the request, writes these bytes (a head, half an answer, nothing), then FIN.
    static Manner closeAfter(String bytes) {
        return with -> {
            with.readRequest();
            with.write(bytes);
            return false;
        };
    }

    /// Declares one length, sends fewer bytes, then FIN.
    static Manner truncatedLength(long declared, int sent) {
        return closeAfter(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + declared + "\r\n\r\n"
                        + "x".repeat(sent));
    }

    /// A chunked answer without its last chunk, then FIN.
    static Manner truncatedChunks() {
        return closeAfter("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    }

    /// Reads requests, never answers.
    static Manner silent() {
        return with -> {
            if (with.readRequest() == null) {
                return false;
            }
            with.drain();
            return false;
        };
    }

    /// Accepts and never reads: the other side's window closes.
    static Manner notReading() {
        return with -> {
            with.holdForEver();
            return false;
        };
    }

    /// As `manner`, but reads at most so many bytes at once, each time after a pause.
    static Manner readingSlowly(int bytesPerRead, Duration pause, Manner manner) {
        return with -> {
            with.readSlowly(bytesPerRead, pause);
            return manner.meet(with);
        };
    }

    /// Answers so many bytes at a time, with a pause between them.
    static Manner dripping(String rawAnswer, int bytesAtOnce, Duration pause) {
        return with -> {
            if (with.readRequest() == null) {
                return false;
            }
            for (var i = 0; i < rawAnswer.length(); i += bytesAtOnce) {
                with.write(rawAnswer.substring(i, Math.min(rawAnswer.length(), i + bytesAtOnce)));
                with.pause(pause);
            }
            return true;
        };
    }

    /// Answers after the head, then reads the rest of the request and keeps the connection.
    static Manner earlyAnswer(String rawAnswer) {
        return with -> {
            var request = with.readHead();
            if (request == null) {
                return false;
            }
            with.write(rawAnswer);
            with.readBody(request);
            return true;
        };
    }

    /// Answers after the head, says FIN and drops what still comes.
    static Manner earlyAnswerThenClose(String rawAnswer) {
        return with -> {
            with.readHead();
            with.write(rawAnswer);
            with.halfClose();
            with.drain();
            return false;
        };
    }

    /// Answers after the head, then RST while the request is still being sent.
    static Manner earlyAnswerThenReset(String rawAnswer) {
        return with -> {
            with.readHead();
            with.write(rawAnswer);
            with.reset();
            return false;
        };
    }

    /// Bytes that are no protocol at all, then FIN.
    static Manner garbage() {
        return closeAfter("\u0000\u0001\u0002SSH-2.0-NotHttp\u0003\u00ff\u00fe\r\n\r\n");
    }

    /// A TLS alert where HTTP is expected: what a TLS server says to a plain request.
    static Manner tlsBytes() {
        return closeAfter("\u0015\u0003\u0001\u0000\u0002\u0002\u0016");
    }

    /// For a peer started without TLS: answers the ClientHello with a fatal alert of that number (40 handshake_failure, 70 protocol_version,
    /// 112 unrecognized_name), then FIN.
    static Manner tlsAlert(int description) {
        return with -> {
            var head = with.readBytes(5);
            with.readBytes((head[3] & 0xff) << 8 | (head[4] & 0xff));
            with.write(new byte[] {0x15, 3, 3, 0, 2, 2, (byte) description});
            return false;
        };
    }

    /// For a peer started without TLS: answers the ClientHello in plain HTTP: the port does not speak TLS.
    static Manner plainWhereTlsIsExpected() {
        return with -> {
            var head = with.readBytes(5);
            with.readBytes((head[3] & 0xff) << 8 | (head[4] & 0xff));
            with.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return false;
        };
    }

    /// So many `102 Processing` before what `manner` answers.
    static Manner informational(int count, Manner manner) {
        return with -> {
            if (!with.awaitRequest()) {
                return false;
            }
            with.write("HTTP/1.1 102 Processing\r\nX-Interim: yes\r\n\r\n".repeat(count));
            return manner.meet(with);
        };
    }

    /// Content-Length beside Transfer-Encoding, the two disagreeing.
    static Manner lengthAndChunked() {
        return answering(
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    }

    /// A whole answer and, with the connection kept, bytes that nobody asked for.
    static Manner extraBytes(String extra) {
        return answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" + extra);
    }

    /// A body where the status allows none (204, 304).
    static Manner bodyWithStatus(int status) {
        return answering("HTTP/1.1 " + status + " Odd\r\nContent-Length: 5\r\n\r\nhello");
    }

    /// Answers anything, HEAD included, with a body.
    static Manner bodyAfterHead() {
        return answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    }

    /// A head of at least so many bytes, most of them in the field `X-Big`.
    static Manner oversizedHead(int bytes) {
        return answering("HTTP/1.1 200 OK\r\nX-Big: " + "b".repeat(bytes) + "\r\nContent-Length: 0\r\n\r\n");
    }

    /// Bytes for downloads and uploads that differ at every place, so that a lost or doubled piece shows.
    final class Pattern {

        private Pattern() {}

        /// The byte at that place of any download.
        public static byte at(long place) {
            return (byte) (place ^ (place >>> 8) * 31 ^ (place >>> 16) * 17);
        }

        public static void fill(byte[] target, long from) {
            for (var i = 0; i < target.length; i++) {
                target[i] = at(from + i);
            }
        }

        /// CRC-32 of the first bytes of the pattern.
        public static long checksum(long length) {
            var checksum = new CRC32();
            var piece = new byte[64 * 1024];
            for (long done = 0; done < length; done += piece.length) {
                fill(piece, done);
                checksum.update(piece, 0, (int) Math.min(piece.length, length - done));
            }
            return checksum.getValue();
        }
    }
}
