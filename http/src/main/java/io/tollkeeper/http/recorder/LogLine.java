package io.tollkeeper.http.recorder;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Locale;

import io.tollkeeper.core.flight.RequestId;
import org.jspecify.annotations.Nullable;

/// Formats entries as lines into a buffer, as JSON or as 3scale's gateway does. On the writer's thread; no garbage per line.
///
/// | key | meaning |
/// |---|---|
/// | `time`, `id`, `client_id` | when the head was complete (UTC), our request id, the client's own |
/// | `client`, `method`, `host`, `target`, `protocol` | what was asked by whom; credentials in the target shortened |
/// | `status`, `in`, `out` | status sent (499: the client left), bytes of request and of the answer's body |
/// | `total_us`, `gateway_us`, `meter_us`, `upstream_us` | where the time went |
/// | `product`, `application`, `reason` | whose call it was; why it failed |
/// | `upstream`, `upstream_status`, `retries` | who was called and what it said |
/// | `options` | the `3scale-options` of a call of the meter |
final class LogLine {

    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss").withZone(ZoneOffset.UTC);
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] UPPER_HEX = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);
    private static final String[] SECRET_WORDS = {"key", "token", "secret", "password"};
    /// Longest text of a target that is written.
    private static final int MOST = 2048;

    private static final DateTimeFormatter LOCAL_TIME =
            DateTimeFormatter.ofPattern("dd/MMM/uuuu:HH:mm:ss Z", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final LogFormat format;
    private byte[] bytes = new byte[64 * 1024];
    private int size;
    private long second = Long.MIN_VALUE;
    private byte[] secondText = new byte[0];

    LogLine(LogFormat format) {
        this.format = format;
    }

    byte[] bytes() {
        return bytes;
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    void append(LogEntry entry) {
        ensure(4096 + 6 * MOST);
        switch (format) {
            case JSON -> json(entry);
            case APICAST -> apicast(entry);
        }
    }

    /// `[20/Nov/2026:16:25:15 +0000] api.example:8080 10.0.0.9:52912 "GET /?user_key=k... HTTP/1.1" 200 2 (0.012) 0`: time,
    /// host and port called, who called, request line, status, bytes of body, seconds; the last figure is the time a
    /// client waited for its report, which is none here.
    private void apicast(LogEntry entry) {
        long now = Math.floorDiv(entry.millis, 1000);
        if (now != second) {
            second = now;
            secondText = LOCAL_TIME.format(Instant.ofEpochSecond(now)).getBytes(StandardCharsets.US_ASCII);
        }
        put('[');
        System.arraycopy(secondText, 0, bytes, size, secondText.length);
        size += secondText.length;
        ascii("] ");
        plain(entry.host == null || entry.host.isEmpty() ? "_" : entry.host);
        put(':');
        decimal(entry.serverPort);
        put(' ');
        plain(entry.client == null ? "-" : entry.client);
        put(':');
        decimal(entry.clientPort);
        ascii(" \"");
        if (entry.method != null && !entry.method.isEmpty()) {
            plain(entry.method);
            put(' ');
            targetText(entry);
            put(' ');
            plain(entry.protocol == null ? "" : entry.protocol);
        }
        ascii("\" ");
        decimal(entry.status);
        put(' ');
        decimal(entry.bytesOut);
        ascii(" (");
        long millis = entry.totalNanos / 1_000_000;
        decimal(millis / 1000);
        put('.');
        put((char) ('0' + millis / 100 % 10));
        put((char) ('0' + millis / 10 % 10));
        put((char) ('0' + millis % 10));
        ascii(") 0\n");
    }

    private void plain(String text) {
        escaped(text, 0, Math.min(text.length(), 512));
    }

    private void json(LogEntry entry) {
        ascii("{\"time\":\"");
        time(entry.millis);
        ascii("\",\"id\":\"");
        RequestId.write(entry.idHigh, entry.idLow, bytes, size);
        size += RequestId.LENGTH;
        put('"');
        text("client_id", entry.alias);
        text("client", entry.client);
        text("method", entry.method);
        text("host", entry.host);
        target(entry);
        text("protocol", entry.protocol);
        number("status", entry.status);
        number("in", entry.bytesIn);
        number("out", entry.bytesOut);
        number("total_us", entry.totalNanos / 1_000);
        number("gateway_us", Math.max(0, entry.totalNanos - entry.meterNanos - entry.upstreamNanos) / 1_000);
        number("meter_us", entry.meterNanos / 1_000);
        number("upstream_us", entry.upstreamNanos / 1_000);
        text("product", entry.product);
        text("application", entry.application);
        text("reason", entry.reason == null ? null : entry.reason.code());
        text("options", entry.options);
        if (entry.upstreamAddress != null) {
            text("upstream", entry.upstreamAddress);
            number("upstream_status", entry.upstreamStatus);
            if (entry.retries > 0) {
                number("retries", entry.retries);
            }
        }
        put('}');
        put('\n');
    }

    private void time(long millis) {
        long now = Math.floorDiv(millis, 1000);
        if (now != second) {
            second = now;
            secondText = SECOND.format(Instant.ofEpochSecond(now)).getBytes(StandardCharsets.US_ASCII);
        }
        System.arraycopy(secondText, 0, bytes, size, secondText.length);
        size += secondText.length;
        int rest = Math.floorMod(millis, 1000);
        put('.');
        put((char) ('0' + rest / 100));
        put((char) ('0' + rest / 10 % 10));
        put((char) ('0' + rest % 10));
        put('Z');
    }

    private void target(LogEntry entry) {
        if (entry.target != null) {
            key("target");
            put('"');
            targetText(entry);
            put('"');
        }
    }

    private void targetText(LogEntry entry) {
        String target = entry.target == null ? "" : entry.target;
        int end = Math.min(target.length(), MOST);
        int query = target.indexOf('?');
        if (query < 0 || query >= end) {
            escaped(target, 0, end);
        } else {
            escaped(target, 0, query + 1);
            arguments(target, query + 1, end, entry);
        }
        if (end < target.length()) {
            ascii("...");
        }
    }

    private void arguments(String target, int from, int end, LogEntry entry) {
        for (int at = from; at < end; ) {
            int next = at;
            int equals = -1;
            while (next < end && target.charAt(next) != '&') {
                if (equals < 0 && target.charAt(next) == '=') {
                    equals = next;
                }
                next++;
            }
            if (equals >= 0 && isSecret(target, at, equals, entry)) {
                int shown = Math.min(3, (next - equals - 1) / 3);
                escaped(target, at, equals + 1 + shown);
                ascii("...");
            } else {
                escaped(target, at, next);
            }
            if (next < end) {
                put('&');
            }
            at = next + 1;
        }
    }

    private static boolean isSecret(String target, int from, int to, LogEntry entry) {
        return isName(target, from, to, entry.secretName)
                || isName(target, from, to, entry.secondSecretName)
                || looksSecret(target, from, to);
    }

    private static boolean isName(String target, int from, int to, @Nullable String name) {
        return name != null && name.length() == to - from && target.regionMatches(true, from, name, 0, name.length());
    }

    private static boolean looksSecret(String target, int from, int to) {
        for (String word : SECRET_WORDS) {
            for (int i = from; i <= to - word.length(); i++) {
                if (target.regionMatches(true, i, word, 0, word.length())) {
                    return true;
                }
            }
        }
        return false;
    }

    private void text(String key, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            key(key);
            put('"');
            escaped(value, 0, Math.min(value.length(), 512));
            put('"');
        }
    }

    private void number(String key, long value) {
        key(key);
        decimal(value);
    }

    private void key(String key) {
        put(',');
        put('"');
        ascii(key);
        put('"');
        put(':');
    }

    /// Text off the wire: what is not ASCII is escaped, so that a line is plain ASCII whatever was sent.
    private void escaped(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            boolean special = c == '"' || c == '\\';
            if (c >= ' ' && c < 0x7f && !special) {
                put(c);
            } else if (format == LogFormat.APICAST) {
                ascii("\\x");
                bytes[size++] = UPPER_HEX[c >> 4 & 15];
                bytes[size++] = UPPER_HEX[c & 15];
            } else if (special) {
                put('\\');
                put(c);
            } else {
                ascii("\\u");
                bytes[size++] = HEX[c >> 12 & 15];
                bytes[size++] = HEX[c >> 8 & 15];
                bytes[size++] = HEX[c >> 4 & 15];
                bytes[size++] = HEX[c & 15];
            }
        }
    }

    private void decimal(long value) {
        if (value < 0) {
            put('-');
            value = -value;
        }
        int start = size;
        do {
            put((char) ('0' + value % 10));
            value /= 10;
        } while (value > 0);
        for (int i = start, k = size - 1; i < k; i++, k--) {
            byte b = bytes[i];
            bytes[i] = bytes[k];
            bytes[k] = b;
        }
    }

    @SuppressWarnings("deprecation") // ASCII straight into the buffer
    private void ascii(String text) {
        text.getBytes(0, text.length(), bytes, size);
        size += text.length();
    }

    private void put(char c) {
        bytes[size++] = (byte) c;
    }

    private void ensure(int room) {
        if (size + room > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + room));
        }
    }
}
