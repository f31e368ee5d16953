package io.tollkeeper.app.declaration;

import java.nio.charset.StandardCharsets;

/// A service object of a 3scale document as it was written: a part of the document's bytes, which all services of it
/// share. Immutable.
public final class ServiceText {
    private final byte[] document;
    private final int start;
    private final int end;

    ServiceText(byte[] document, int start, int end) {
        this.document = document;
        this.start = start;
        this.end = end;
    }

    public int length() {
        return end - start;
    }

    /// Copies it behind what `into` holds already; answers where it ends there.
    public int copyTo(byte[] into, int at) {
        System.arraycopy(document, start, into, at, length());
        return at + length();
    }

    /// The JSON text.
    public String text() {
        return new String(document, start, length(), StandardCharsets.UTF_8);
    }
}
