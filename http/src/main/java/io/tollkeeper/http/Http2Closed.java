package io.tollkeeper.http;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/// How the last streams of a connection ended: decides what a late frame on one of them means. On its loop.
final class Http2Closed {

    enum How { ENDED, RESET_BY_PEER, RESET_BY_US }

    private static final int REMEMBERED = 128;
    private static final How[] HOWS = How.values();

    private int[] ids = new int[8];
    private byte[] hows = new byte[8];
    private int next;

    void add(int id, How how) {
        if (next == ids.length && next < REMEMBERED) {
            ids = Arrays.copyOf(ids, next * 2);
            hows = Arrays.copyOf(hows, next * 2);
        } else if (next == ids.length) {
            next = 0;
        }
        ids[next] = id;
        hows[next] = (byte) how.ordinal();
        next++;
    }

    /// Null for a stream that was never used, or too long ago.
    @Nullable How how(int id) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == id) {
                return HOWS[hows[i]];
            }
        }
        return null;
    }
}
