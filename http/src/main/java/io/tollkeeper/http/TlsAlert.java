package io.tollkeeper.http;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Alerts that the other side of a TLS connection sent (RFC 8446 section 6), as the engines tell of them.
final class TlsAlert {

    private static final Map<String, Integer> NUMBERS = Map.ofEntries(
            Map.entry("unexpected_message", 10),
            Map.entry("bad_record_mac", 20),
            Map.entry("record_overflow", 22),
            Map.entry("handshake_failure", 40),
            Map.entry("bad_certificate", 42),
            Map.entry("unsupported_certificate", 43),
            Map.entry("certificate_revoked", 44),
            Map.entry("certificate_expired", 45),
            Map.entry("certificate_unknown", 46),
            Map.entry("illegal_parameter", 47),
            Map.entry("unknown_ca", 48),
            Map.entry("access_denied", 49),
            Map.entry("decode_error", 50),
            Map.entry("decrypt_error", 51),
            Map.entry("protocol_version", 70),
            Map.entry("insufficient_security", 71),
            Map.entry("internal_error", 80),
            Map.entry("inappropriate_fallback", 86),
            Map.entry("user_canceled", 90),
            Map.entry("missing_extension", 109),
            Map.entry("unsupported_extension", 110),
            Map.entry("unrecognized_name", 112),
            Map.entry("bad_certificate_status_response", 113),
            Map.entry("unknown_psk_identity", 115),
            Map.entry("certificate_required", 116),
            Map.entry("no_application_protocol", 120));

    /// The JDK: `(handshake_failure) Received fatal alert: handshake_failure`.
    private static final Pattern JDK = Pattern.compile("[Rr]eceived fatal alert: ([a-z_]+)");
    /// BoringSSL: `error:10000410:SSL routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE`; the last three digits are
    /// 1000 and the alert.
    private static final Pattern BORINGSSL = Pattern.compile("error:10[0-9a-f]{3}([0-9a-f]{3}):");

    private TlsAlert() {}

    /// Number of the alert in the messages of a failure and its causes, -1 if there is none.
    static int number(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            String message = String.valueOf(t.getMessage());
            Matcher jdk = JDK.matcher(message);
            if (jdk.find()) {
                return NUMBERS.getOrDefault(jdk.group(1), -1);
            }
            Matcher boringssl = BORINGSSL.matcher(message.toLowerCase(Locale.ROOT));
            if (boringssl.find()) {
                int code = Integer.parseInt(boringssl.group(1), 16) - 1000;
                if (NUMBERS.containsValue(code)) {
                    return code;
                }
            }
        }
        return -1;
    }

    /// `alert 40 (handshake_failure)`.
    static String describe(int number) {
        for (Map.Entry<String, Integer> entry : NUMBERS.entrySet()) {
            if (entry.getValue() == number) {
                return "alert " + number + " (" + entry.getKey() + ")";
            }
        }
        return "alert " + number;
    }
}
