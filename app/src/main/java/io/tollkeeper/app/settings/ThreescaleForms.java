package io.tollkeeper.app.settings;

import java.util.Locale;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/// How 3scale's variables write what our settings write otherwise (gateway specification, section 3). What is not
/// understood is left as it is: the setting's own reader tells it, with the variable's name. Pure functions.
final class ThreescaleForms {

    private static final Set<String> MODES = Set.of("disabled", "status", "policies", "debug");

    private ThreescaleForms() {}

    private static String level(String value) {
        return switch (value) {
            case "notice" -> "info";
            case "crit", "alert", "emerg" -> "error";
            default -> value;
        };
    }

    /// The variable's value as the setting `key` would have it; null if it says nothing about that setting.
    static @Nullable String of(String variable, String key, String value) {
        return switch (variable) {
            case "APICAST_RESPONSE_CODES", "APICAST_EXTENDED_METRICS" -> truth(value);
            case "OPENSSL_VERIFY" -> truth(value);
            case "APICAST_HTTPS_VERIFY_CLIENT" -> switch (value) {
                case "off" -> "ignored";
                case "optional_no_ca" -> "requested";
                default -> value;
            };
            case "APICAST_HTTP_PROXY_PROTOCOL", "APICAST_HTTPS_PROXY_PROTOCOL" -> "true";
            case "APICAST_LOG_LEVEL" -> level(value);
            case "APICAST_MANAGEMENT_API" -> MODES.contains(value) ? value : "disabled";
            case "APICAST_PATH_ROUTING_ONLY" -> isTrue(value) ? "only" : null;
            case "APICAST_PATH_ROUTING", "APICAST_PATH_ROUTING_ENABLED" -> isTrue(value) ? "on" : null;
            case "APICAST_CONFIGURATION_CACHE" -> seconds(value);
            case "APICAST_BACKEND_CACHE_HANDLER" -> value.equals("strict") || value.equals("resilient") ? value : "unknown";
            case "APICAST_POLICY_BATCHER_SHARED_MEMORY_SIZE", "APICAST_PROXY_BUFFER_SIZE" -> size(value);
            case "APICAST_LARGE_CLIENT_HEADER_BUFFERS" -> headerBuffers(key, value);
            case "HTTP_KEEPALIVE_TIMEOUT" -> isNumber(value) ? value + "s" : value;
            case "APICAST_WORKERS" -> value.equals("auto") ? "0" : value;
            case "APICAST_HTTPS_PORT" -> isNumber(value) ? "0.0.0.0:" + value : value;
            case "APICAST_ACCESS_LOG_FILE" -> switch (value) {
                case "/dev/stdout" -> "stdout";
                case "/dev/stderr" -> "stderr";
                default -> value;
            };
            default -> value;
        };
    }

    /// Exactly `true` and `1` are true, whatever else is written is false.
    static String truth(String value) {
        return String.valueOf(isTrue(value));
    }

    private static boolean isTrue(String value) {
        return value.equals("true") || value.equals("1");
    }

    /// Seconds; less than none is for ever, and so is what is no number.
    private static String seconds(String value) {
        return isNumber(value) ? value + "s" : "forever";
    }

    /// `8k`, `20m`, `512` in ours.
    static String size(String value) {
        var text = value.strip().toLowerCase(Locale.ROOT);
        if (isNumber(text)) {
            return text + "B";
        }
        var number = text.isEmpty() ? "" : text.substring(0, text.length() - 1);
        return !isNumber(number) ? value : switch (text.charAt(text.length() - 1)) {
            case 'k' -> number + "KiB";
            case 'm' -> number + "MiB";
            case 'g' -> number + "GiB";
            default -> value;
        };
    }

    /// `4 8k`: so many buffers of such a size; a line fits into one, all headers into all.
    private static String headerBuffers(String key, String value) {
        var parts = value.strip().split("\\s+", -1);
        if (parts.length != 2 || !isNumber(parts[0])) {
            return value;
        }
        var each = ByteSize.parse(size(parts[1]));
        if (!key.equals("client.max-headers") || each == null) {
            return size(parts[1]);
        }
        return each.bytes() * Long.parseLong(parts[0]) + "B";
    }

    static boolean isNumber(String text) {
        return !text.isEmpty() && text.length() <= 9 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
