package io.tollkeeper.app.settings;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/// How the text of one kind of setting becomes a value, and what to tell somebody who wrote something else.
///
/// @param expected completes the sentence "expected: …"
/// @param parse    answers null when the text is not understood
record ValueType(String expected, Function<String, @Nullable Object> parse) {

    static ValueType of(Class<?> type) {
        if (type.isEnum()) {
            return ofWords(type);
        }
        return switch (type.getSimpleName()) {
            case "Duration" -> new ValueType("a duration such as 500ms, 60s, 10m or 1h; 0s for off", ValueType::duration);
            case "CacheTime" -> new ValueType("a duration such as 300s, 0s, forever or auto", CacheTime::parse);
            case "ByteSize" -> new ValueType("a size such as 512B, 64KiB, 10MiB or 1GiB", ByteSize::parse);
            case "ListenAddress" -> new ValueType("host:port, e.g. 127.0.0.1:8080 or [::1]:8080, or off", ListenAddress::parse);
            case "NameServers" -> new ValueType("IP addresses, each with an optional port, e.g. 10.0.0.2 or 10.0.0.2:5353,[fd00::2]:53", NameServers::parse);
            case "Path" -> new ValueType("a path", ValueType::path);
            case "URI" -> new ValueType("an http or https URL, e.g. https://portal.example/events", ValueType::url);
            case "Secret" -> new ValueType("a text", Secret::new);
            case "String" -> new ValueType("a text", text -> text);
            case "int" -> new ValueType("a whole number", ValueType::wholeNumber);
            case "double" -> new ValueType("a number from 0 to 1, e.g. 0.05", ValueType::share);
            case "boolean" -> new ValueType("true or false (or 1, 0)", ValueType::truth);
            default -> throw new IllegalStateException("no setting can be a " + type + " (add it to ValueType)");
        };
    }

    private static ValueType ofWords(Class<?> type) {
        var words = Arrays.stream(type.getEnumConstants()).map(ValueType::word).toList();
        return new ValueType(words.stream().collect(Collectors.joining(", ")), text -> {
            int at = words.indexOf(text.toLowerCase(Locale.ROOT));
            return at < 0 ? null : type.getEnumConstants()[at];
        });
    }

    /// `IO_URING` is written `io_uring`, `REFUSE_AMBIGUOUS` is written `refuse-ambiguous`.
    private static String word(Object constant) {
        var name = constant.toString().toLowerCase(Locale.ROOT);
        return name.equals("io_uring") ? name : name.replace('_', '-');
    }

    private static @Nullable Object share(String text) {
        if (!text.matches("[0-9]{0,3}(\\.[0-9]{1,18})?") || text.isEmpty()) {
            return null;
        }
        double number = Double.parseDouble(text);
        return number > 1 ? null : number;
    }

    static @Nullable Object duration(String text) {
        if (text.equals("off")) {
            return Duration.ZERO;
        }
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            digits++;
        }
        if (digits == 0 || digits > 9) {
            return null;
        }
        long number = Long.parseLong(text.substring(0, digits));
        return switch (text.substring(digits).strip()) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            case "d" -> Duration.ofDays(number);
            default -> null;
        };
    }

    private static @Nullable Object path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException _) {
            return null; // the caller tells it with its place
        }
    }

    private static @Nullable Object url(String text) {
        try {
            var url = new URI(text);
            var scheme = url.getScheme();
            return url.getHost() != null && ("http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme)) ? url : null;
        } catch (URISyntaxException _) {
            return null; // the caller tells it with its place
        }
    }

    private static @Nullable Object wholeNumber(String text) {
        return text.isEmpty() || text.length() > 9 || !text.chars().allMatch(c -> c >= '0' && c <= '9')
                ? null : (Object) Integer.valueOf(text);
    }

    private static @Nullable Object truth(String text) {
        return switch (text) {
            case "true", "1" -> true;
            case "false", "0" -> false;
            default -> null;
        };
    }
}
