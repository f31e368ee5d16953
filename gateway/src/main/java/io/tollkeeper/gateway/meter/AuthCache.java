package io.tollkeeper.gateway.meter;

import java.util.Iterator;
import java.util.LinkedHashMap;

import io.tollkeeper.gateway.exchange.Caching;

/// What a remote meter said last, by credentials and usage: one for the process, because consecutive calls of a client
/// land on different event loops. No expiry; what was used least recently leaves when the room is used up. Any thread;
/// blocks for no longer than a lookup takes.
///
/// Sixteen parts with a lock each, so that loops meet rarely. A part is a linked map in order of use: a hit moves one
/// entry and allocates nothing.
final class AuthCache {

    private static final int PARTS = 16;
    /// What an entry takes besides the characters of its key: entry, key and the place in the table.
    private static final int ENTRY = 120;
    private static final Integer GOOD = 200;

    private final Part[] parts = new Part[PARTS];

    AuthCache(long bytes) {
        for (int i = 0; i < PARTS; i++) {
            parts[i] = new Part(Math.max(1, bytes / PARTS));
        }
    }

    /// Whether the last decision was 200.
    boolean isGood(String key) {
        Part part = part(key);
        synchronized (part) {
            Integer status = part.get(key);
            return status != null && status == 200;
        }
    }

    /// Takes in that the meter answered with `status`; 0: not at all.
    void answered(Caching caching, String key, int status) {
        Part part = part(key);
        boolean failed = status == 0 || status >= 500;
        synchronized (part) {
            switch (caching) {
                case STRICT -> {
                    if (status == 200) {
                        part.store(key, GOOD);
                    } else {
                        part.forget(key);
                    }
                }
                case RESILIENT -> {
                    if (!failed) {
                        part.store(key, status);
                    }
                }
                case ALLOW -> {
                    if (!failed) {
                        part.store(key, status);
                    } else if (!part.containsKey(key)) {
                        part.store(key, GOOD);
                    }
                }
                case NONE -> part.forget(key);
                case UNKNOWN -> {}
            }
        }
    }

    /// Decisions kept now.
    int size() {
        int size = 0;
        for (Part part : parts) {
            synchronized (part) {
                size += part.size();
            }
        }
        return size;
    }

    private Part part(String key) {
        int hash = key.hashCode();
        return parts[(hash ^ hash >>> 16) & PARTS - 1];
    }

    private static final class Part extends LinkedHashMap<String, Integer> {

        private static final long serialVersionUID = 1;

        private final long room;
        private long used;

        Part(long room) {
            super(64, 0.75f, true);
            this.room = room;
        }

        void store(String key, Integer status) {
            if (put(key, status) == null) {
                used += ENTRY + key.length();
                Iterator<String> oldest = keySet().iterator();
                while (used > room && size() > 1) {
                    String leaving = oldest.next();
                    oldest.remove();
                    used -= ENTRY + leaving.length();
                }
            }
        }

        void forget(String key) {
            if (remove(key) != null) {
                used -= ENTRY + key.length();
            }
        }
    }
}
