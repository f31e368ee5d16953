package io.tollkeeper.gateway.policy;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.core.proxy.Finding.Severity;
import org.jspecify.annotations.Nullable;

/// A policy's configuration while it is read: values by name, and a finding for each that is not what it should be.
/// Fields that nobody asks for are ignored, as the original does. Belongs to one compilation.
public final class PolicyFields {

    private final String file;
    private final String path;
    private final Map<String, Object> values;
    private final List<Finding> findings;

    /// @param file what the findings name as their source
    /// @param path where the configuration stands, e.g. `policy_chain[2].configuration`
    PolicyFields(String file, String path, Map<String, Object> values, List<Finding> findings) {
        this.file = file;
        this.path = path;
        this.values = values;
        this.findings = findings;
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /// A text, null if absent.
    @Nullable String text(String name) {
        Object value = values.get(name);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        complain(name, value + " is no text (expected: a text in quotes)");
        return null;
    }

    boolean truth(String name, boolean otherwise) {
        Object value = values.get(name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Boolean truth) {
            return truth;
        }
        complain(name, value + " is neither true nor false");
        return otherwise;
    }

    /// A whole number; one in a text counts too.
    long number(String name, long otherwise, long least, long most) {
        Object value = values.get(name);
        if (value == null) {
            return otherwise;
        }
        BigDecimal number = decimal(value);
        if (number == null || number.stripTrailingZeros().scale() > 0
                || number.compareTo(BigDecimal.valueOf(least)) < 0 || number.compareTo(BigDecimal.valueOf(most)) > 0) {
            complain(name, value + " cannot be used (expected: a whole number from " + least + " to " + most + ")");
            return otherwise;
        }
        return number.longValueExact();
    }

    /// Seconds, fractions allowed, more than zero, as nanoseconds; at most a year.
    long secondsAsNanos(String name, long otherwise) {
        Object value = values.get(name);
        if (value == null) {
            return otherwise;
        }
        BigDecimal seconds = decimal(value);
        if (seconds == null || seconds.signum() <= 0 || seconds.compareTo(BigDecimal.valueOf(31_536_000)) > 0) {
            complain(name, value + " is no time (expected: seconds, more than 0, e.g. 2 or 0.5)");
            return otherwise;
        }
        return Math.max(1, seconds.movePointRight(9).longValue());
    }

    private static @Nullable BigDecimal decimal(Object value) {
        if (!(value instanceof Number) && !(value instanceof String)) {
            return null;
        }
        String text = value.toString().strip();
        if (text.length() > 40) {
            return null;
        }
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException _) {
            return null;
        }
    }

    /// One of some words, `otherwise` if absent or none of them.
    <T> T word(String name, Map<String, T> words, T otherwise) {
        String text = text(name);
        if (text == null) {
            return otherwise;
        }
        T meant = words.get(text);
        if (meant == null) {
            complain(name, text + " is not known (expected: " + String.join(", ", words.keySet().stream().sorted().toList()) + ")");
            return otherwise;
        }
        return meant;
    }

    /// Texts in a list, empty if absent.
    List<String> texts(String name) {
        Object value = values.get(name);
        if (value == null) {
            return List.of();
        }
        if (value instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
            return list.stream().map(String.class::cast).toList();
        }
        complain(name, "is no list of texts (expected: [\"one\", \"two\"])");
        return List.of();
    }

    /// Says why the product cannot be served like this.
    void complain(String name, String message) {
        add(Severity.ERROR, name, message);
    }

    /// Says what is probably not meant.
    void warn(String name, String message) {
        add(Severity.WARNING, name, message);
    }

    private void add(Severity severity, String name, String message) {
        findings.add(new Finding(severity, file, 0, 0, name.isEmpty() ? path : path + "." + name, message, null));
    }
}
