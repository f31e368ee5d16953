package io.tollkeeper.meter.params;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;

/// The name of a parameter that code looks for, hashed once. Make constants of it. Immutable.
public final class ParamName {

    /// Chosen anew by every process: names that collide here cannot be prepared.
    private static final int MULTIPLIER = ThreadLocalRandom.current().nextInt() | 1;

    private final byte[] bytes;
    private final int hash;

    private ParamName(byte[] bytes) {
        this.bytes = bytes;
        this.hash = hash(bytes, 0, bytes.length);
    }

    public static ParamName of(String name) {
        return new ParamName(name.getBytes(StandardCharsets.UTF_8));
    }

    byte[] bytes() {
        return bytes;
    }

    int hash() {
        return hash;
    }

    static int hash(byte[] bytes, int from, int to) {
        int hash = MULTIPLIER;
        for (int i = from; i < to; i++) {
            hash = (hash + bytes[i]) * MULTIPLIER;
            hash ^= hash >>> 15;
        }
        return hash;
    }

    @Override
    public String toString() {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
