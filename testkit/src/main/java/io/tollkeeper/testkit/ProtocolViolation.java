package io.tollkeeper.testkit;

import java.io.IOException;

/// What came over the wire is not HTTP/1 as RFC 9112 has it.
public final class ProtocolViolation extends IOException {

    ProtocolViolation(String message) {
        super(message);
    }
}
