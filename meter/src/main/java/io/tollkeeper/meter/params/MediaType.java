package io.tollkeeper.meter.params;

import java.util.Locale;

import io.tollkeeper.core.usage.Blank;
import org.jspecify.annotations.Nullable;

/// A `Content-Type` as the original reads it: the word before the first `;` or `,`, in lower case, and the boundary of
/// a multipart form. Immutable.
///
/// @param name     e.g. `application/x-www-form-urlencoded`; empty if none was sent
/// @param boundary of a multipart form, if one was given
public record MediaType(String name, @Nullable String boundary) {

    private static final MediaType NONE = new MediaType("", null);

    /// Reads a header's value; none sent is the empty type.
    public static MediaType of(@Nullable String contentType) {
        if (contentType == null) {
            return NONE;
        }
        int end = 0;
        while (end < contentType.length() && contentType.charAt(end) != ';' && contentType.charAt(end) != ',') {
            end++;
        }
        String name = Blank.trim(contentType.substring(0, end)).toLowerCase(Locale.ROOT);
        return new MediaType(name, name.equals("multipart/form-data") ? boundary(contentType, end) : null);
    }

    private static @Nullable String boundary(String contentType, int from) {
        String lower = contentType.toLowerCase(Locale.ROOT);
        int at = lower.indexOf("boundary=", from);
        if (at < 0) {
            return null;
        }
        int start = at + "boundary=".length();
        if (start < contentType.length() && contentType.charAt(start) == '"') {
            int close = contentType.indexOf('"', start + 1);
            return close > start + 1 ? contentType.substring(start + 1, close) : null;
        }
        int end = start;
        while (end < contentType.length() && ";, \t".indexOf(contentType.charAt(end)) < 0) {
            end++;
        }
        return end > start ? contentType.substring(start, end) : null;
    }

    public boolean isEmpty() {
        return name.isEmpty();
    }

    /// Whether a body of this type is read as parameters.
    public boolean isForm() {
        return name.equals("application/x-www-form-urlencoded") || name.equals("multipart/form-data");
    }
}
