package io.tollkeeper.http.fetch;

import java.nio.charset.StandardCharsets;
import java.util.List;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// What became of a request of our own. Immutable.
public sealed interface Fetched {

    /// A complete answer, whatever its status.
    final class Answer implements Fetched {
        private final int status;
        private final List<FetchRequest.Header> headers;
        private final byte[] body;

        Answer(int status, List<FetchRequest.Header> headers, byte[] body) {
            this.status = status;
            this.headers = List.copyOf(headers);
            this.body = body;
        }

        public int status() {
            return status;
        }

        /// Value of the first field of that name, letter case aside.
        public @Nullable String header(String name) {
            for (var header : headers) {
                if (header.name().equalsIgnoreCase(name)) {
                    return header.value();
                }
            }
            return null;
        }

        /// Whether the answer says that it is of this media type, parameters aside.
        public boolean isOfType(String mediaType) {
            String type = header("Content-Type");
            int end = type == null ? -1 : type.indexOf(';');
            return type != null && (end < 0 ? type : type.substring(0, end)).strip().equalsIgnoreCase(mediaType);
        }

        /// Not copied: the reader does not change it.
        public byte[] body() {
            return body;
        }

        /// The body as UTF-8.
        public String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return "status " + status + ", " + body.length + " bytes";
        }
    }

    /// No complete answer.
    ///
    /// @param evidence facts for the operator; without secrets
    record Failed(Reason reason, String evidence) implements Fetched {
        @Override
        public String toString() {
            return reason.code() + ": " + evidence;
        }
    }
}
