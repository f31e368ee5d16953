package io.tollkeeper.app.declaration;

import java.util.Arrays;

/// One text of a 3scale document, to be read by [GatewayDocumentReader]. Immutable.
///
/// @param source what findings name: without secrets
/// @param json   in UTF-8, not copied
@SuppressWarnings("ArrayRecordComponent") // compared by content below
public record DocumentText(String source, byte[] json) {

    @Override public boolean equals(Object other) {
        return other instanceof DocumentText(var itsSource, var itsJson) && source.equals(itsSource) && Arrays.equals(json, itsJson);
    }

    @Override public int hashCode() {
        return 31 * source.hashCode() + Arrays.hashCode(json);
    }

    @Override public String toString() {
        return source; // the document holds tokens
    }
}
