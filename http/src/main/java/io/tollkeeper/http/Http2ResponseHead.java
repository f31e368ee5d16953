package io.tollkeeper.http;

import io.tollkeeper.core.reason.Reason;

/// Takes the fields of a header block into an upstream's answer. What [Http2Head] refuses, and a `:status` that is
/// repeated, missing, or no number of three digits (101 among them: nobody switches protocols within HTTP/2).
final class Http2ResponseHead extends Http2Head {

    private static final byte[] STATUS = bytes(":status");

    private int status;

    Http2ResponseHead(WireLimits limits) {
        super(limits, true);
    }

    @Override
    void begin() {
        status = 0;
    }

    @Override
    Reason tooLarge() {
        return Reason.UPSTREAM_HEADERS_TOO_LARGE;
    }

    @Override
    Reason tooMany() {
        return Reason.UPSTREAM_HEADERS_TOO_LARGE;
    }

    @Override
    boolean pseudo(byte[] names, int name, int nameLength, byte[] values, int value, int valueLength) {
        if (nameLength != STATUS.length || !equal(names, name, STATUS)) {
            return bad("unknown pseudo-header " + MessageParser.quoted(names, name, nameLength));
        }
        if (status != 0) {
            return bad("more than one :status");
        }
        int number = 0;
        for (int i = value; i < value + valueLength; i++) {
            int digit = values[i] - '0';
            if (digit < 0 || digit > 9 || valueLength != 3) {
                number = 0;
                break;
            }
            number = number * 10 + digit;
        }
        if (number < 100 || number == 101) {
            return bad(":status " + MessageParser.quoted(values, value, valueLength));
        }
        status = number;
        return true;
    }

    /// The block is complete: what was found goes into the answer.
    void finish(UpstreamResponse response) {
        if (malformed() == null && status == 0) {
            bad("no :status");
        }
        if (malformed() == null && !rules.checkDecoded(headers())) {
            bad(rules.evidence());
        }
        response.status = status;
        response.minorVersion = 1;
        response.reasonPhrase = null;
        response.contentLength = rules.contentLength();
    }
}
