package io.tollkeeper.gateway.exchange;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.reason.Domain;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.gateway.credentials.Credentials;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import org.jspecify.annotations.Nullable;

/// What an answer tells to whoever sent the product's service token as `X-3scale-debug` (gateway specification,
/// section 9). Made for such requests only; on the exchange's loop.
///
/// | header | on |
/// |---|---|
/// | `X-3scale-matched-rules`, `-credentials`, `-usage`, `-hostname`, `-service-id`, `-service-name` | every answer, as far as known |
/// | `X-3scale-reason`, `X-3scale-evidence` | refusals of ours; without addresses of upstreams and meters |
/// | `X-3scale-method`, `X-3scale-path`, `X-3scale-rules-tried` | a request that no rule matched |
///
/// The original leaves out where it would help: refusals other than the meter's.
public final class DebugReport {

    private static final HeaderName MATCHED = HeaderName.of("X-3scale-matched-rules");
    private static final HeaderName CREDENTIALS = HeaderName.of("X-3scale-credentials");
    private static final HeaderName USAGE = HeaderName.of("X-3scale-usage");
    private static final HeaderName HOSTNAME = HeaderName.of("X-3scale-hostname");
    private static final HeaderName SERVICE_ID = HeaderName.of("X-3scale-service-id");
    private static final HeaderName SERVICE_NAME = HeaderName.of("X-3scale-service-name");
    private static final HeaderName REASON = HeaderName.of("X-3scale-reason");
    private static final HeaderName EVIDENCE = HeaderName.of("X-3scale-evidence");
    private static final HeaderName METHOD = HeaderName.of("X-3scale-method");
    private static final HeaderName PATH = HeaderName.of("X-3scale-path");
    private static final HeaderName TRIED = HeaderName.of("X-3scale-rules-tried");

    /// Longest value that is sent; clients limit the size of heads.
    private static final int LONGEST = 2_048;
    private static final String HOST = hostName();

    private @Nullable StringBuilder matched;
    private @Nullable String tried;

    private DebugReport() {}

    /// Reads the machine's name, which may take its time, before somebody waits for it.
    static void prepare() {
        if (HOST.isEmpty()) {
            throw new IllegalStateException("a machine has a name");
        }
    }

    /// A report, if the request asks for one with the right value; how long the comparison takes tells nothing of it.
    static @Nullable DebugReport asked(Headers headers, @Nullable String token) {
        int at = headers.find(HeaderName.X_3SCALE_DEBUG, 0);
        if (at < 0 || token == null || token.isEmpty()) {
            return null;
        }
        return MessageDigest.isEqual(
                        headers.value(at).getBytes(StandardCharsets.ISO_8859_1), token.getBytes(StandardCharsets.UTF_8))
                ? new DebugReport() : null;
    }

    /// A rule matched.
    public void matched(String pattern) {
        if (matched == null) {
            matched = new StringBuilder();
        }
        if (matched.length() < LONGEST) {
            matched.append(matched.isEmpty() ? "" : ", ").append(pattern);
        }
    }

    /// No rule matched; what was tried.
    public void tried(String rules) {
        tried = rules;
    }

    void write(Exchange exchange, Service service, Headers headers) {
        set(headers, MATCHED, matched == null ? null : matched.toString());
        set(headers, CREDENTIALS, credentials(exchange.credentials()));
        set(headers, USAGE, usage(exchange.usage(), service));
        set(headers, HOSTNAME, HOST);
        set(headers, SERVICE_ID, service.id());
        set(headers, SERVICE_NAME, service.config().systemName());
        Reason reason = exchange.record().reason();
        if (reason != null) {
            set(headers, REASON, reason.code());
            set(headers, EVIDENCE, isForTheProvider(reason.domain()) ? exchange.record().evidence() : null);
        }
        if (tried != null) {
            set(headers, METHOD, exchange.request().method());
            set(headers, PATH, exchange.path());
            set(headers, TRIED, tried);
        }
    }

    /// Evidence about the network names addresses: that is for operators.
    private static boolean isForTheProvider(Domain domain) {
        return switch (domain) {
            case CLIENT, CONFIG, IDENTITY_PROVIDER -> true;
            case CLIENT_NETWORK, GATEWAY, UPSTREAM, UPSTREAM_NETWORK, DNS, SERVICE_MANAGEMENT -> false;
        };
    }

    private static void set(Headers headers, HeaderName name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            headers.set(name, visible(value));
        }
    }

    /// A value that can stand in a header: UTF-8 as it is on the wire, no control characters, not too long.
    private static String visible(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        StringBuilder safe = new StringBuilder(bytes.length);
        for (byte b : bytes) {
            if (safe.length() == LONGEST) {
                return safe.append("...").toString();
            }
            safe.append(b >= 0 && b < ' ' || b == 0x7f ? '?' : (char) (b & 0xff));
        }
        return safe.toString();
    }

    private static String credentials(Credentials found) {
        StringBuilder text = new StringBuilder();
        pair(text, "app_id", found.appId());
        pair(text, "app_key", found.appKey());
        pair(text, "user_key", found.userKey());
        return text.toString();
    }

    private static String usage(RequestUsage usage, Service service) {
        List<Integer> slots = new ArrayList<>();
        for (int i = 0; i < usage.size(); i++) {
            slots.add(i);
        }
        slots.sort((a, b) -> service.metric(usage.slot(a)).compareTo(service.metric(usage.slot(b))));
        StringBuilder text = new StringBuilder();
        for (int i : slots) {
            pair(text, "usage[" + service.metric(usage.slot(i)) + "]", Long.toString(usage.amount(i)));
        }
        return text.toString();
    }

    private static void pair(StringBuilder text, String name, @Nullable String value) {
        if (value != null) {
            text.append(text.isEmpty() ? "" : "&");
            escaped(text, name);
            text.append('=');
            escaped(text, value);
        }
    }

    private static void escaped(StringBuilder text, String value) {
        for (byte b : value.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "-_.~".indexOf(c) >= 0) {
                text.append(c);
            } else {
                text.append('%').append(Character.toUpperCase(Character.forDigit(c >> 4, 16)))
                        .append(Character.toUpperCase(Character.forDigit(c & 15, 16)));
            }
        }
    }

    private static String hostName() {
        try {
            String name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
            return name.isEmpty() ? InetAddress.getLocalHost().getHostName() : name;
        } catch (IOException _) {
            return "unknown"; // a machine that does not tell its name
        }
    }
}
