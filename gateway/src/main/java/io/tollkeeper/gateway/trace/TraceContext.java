package io.tollkeeper.gateway.trace;

import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;

/// The trace that a request belongs to, as W3C Trace Context has it. Part of an exchange, reused; on its loop. Exists only
/// where traces are switched on.
///
/// ```
///   traceparent: 00-<32 hex: trace>-<16 hex: caller's span>-<01: sampled>
/// ```
///
/// The upstream is sent the trace with the span of its own call as the caller; `tracestate` passes unchanged, or is left
/// out together with a `traceparent` that cannot be read.
public final class TraceContext {

    private static final int LENGTH = 55;
    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

    private long traceHigh;
    private long traceLow;
    private long parent;
    private long span;
    private long meterSpan;
    private long upstreamSpan;
    private boolean sampled;

    // the number read last
    private long number;

    /// A request came: takes over its trace or begins one, and decides whether it is recorded.
    public void begin(Headers headers, Sampler sampler) {
        boolean given = read(headers);
        if (!given) {
            traceHigh = sampler.nextId();
            traceLow = sampler.nextId();
            parent = 0;
        }
        sampled = given && sampler.parentBased() ? sampled : sampler.takes(traceLow);
        upstreamSpan = sampler.nextId();
        if (sampled) {
            span = sampler.nextId();
            meterSpan = sampler.nextId();
        }
    }

    private boolean read(Headers headers) {
        int at = headers.find(HeaderName.TRACEPARENT, 0);
        if (at < 0 || headers.find(HeaderName.TRACEPARENT, at + 1) >= 0) {
            return false;
        }
        int length = headers.valueLength(at);
        if (length < LENGTH
                || headers.valueByte(at, 2) != '-'
                || headers.valueByte(at, 35) != '-'
                || headers.valueByte(at, 52) != '-'
                || !hex(headers, at, 0, 2)
                || number == 0xff
                || (number == 0 ? length != LENGTH : length > LENGTH && headers.valueByte(at, LENGTH) != '-')) {
            return false;
        }
        if (!hex(headers, at, 3, 16)) {
            return false;
        }
        long high = number;
        if (!hex(headers, at, 19, 16)) {
            return false;
        }
        long low = number;
        if (!hex(headers, at, 36, 16) || number == 0 || (high | low) == 0) {
            return false;
        }
        long caller = number;
        if (!hex(headers, at, 53, 2)) {
            return false;
        }
        traceHigh = high;
        traceLow = low;
        parent = caller;
        sampled = (number & 1) != 0;
        return true;
    }

    private boolean hex(Headers headers, int at, int from, int digits) {
        number = 0;
        for (int i = from; i < from + digits; i++) {
            byte c = headers.valueByte(at, i);
            int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
            if (digit < 0) {
                return false;
            }
            number = number << 4 | digit;
        }
        return true;
    }

    /// Whether the call is recorded.
    public boolean isSampled() {
        return sampled;
    }

    public long traceHigh() {
        return traceHigh;
    }

    public long traceLow() {
        return traceLow;
    }

    /// The caller's span, 0 if there is none.
    public long parent() {
        return parent;
    }

    public long span() {
        return span;
    }

    public long meterSpan() {
        return meterSpan;
    }

    public long upstreamSpan() {
        return upstreamSpan;
    }

    /// Tells the upstream which trace its call belongs to.
    public void writeTo(Headers headers) {
        if (parent == 0) {
            headers.remove(HeaderName.TRACESTATE);
        }
        headers.set(HeaderName.TRACEPARENT, text());
    }

    @SuppressWarnings("deprecation") // ASCII made here, without an encoder
    private String text() {
        byte[] text = new byte[LENGTH];
        text[0] = '0';
        text[1] = '0';
        text[2] = '-';
        put(text, 3, traceHigh);
        put(text, 19, traceLow);
        text[35] = '-';
        put(text, 36, upstreamSpan);
        text[52] = '-';
        text[53] = '0';
        text[54] = (byte) (sampled ? '1' : '0');
        return new String(text, 0);
    }

    private static void put(byte[] text, int at, long number) {
        for (int i = 0; i < 16; i++) {
            text[at + i] = HEX[(int) (number >>> 60 - 4 * i) & 15];
        }
    }
}
