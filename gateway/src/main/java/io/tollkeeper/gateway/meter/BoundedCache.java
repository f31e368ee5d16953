package io.tollkeeper.gateway.meter;

import java.util.Iterator;
import java.util.LinkedHashMap;

import org.jspecify.annotations.Nullable;

/// Values by text, bounded by bytes: what was used least recently leaves when the room is used up. Any thread; blocks for
/// no longer than a lookup takes.
///
/// Sixteen parts with a lock each, so that loops meet rarely. A part is a linked map in order of use: a hit moves one
/// entry and allocates nothing.
final class BoundedCache<V> {

    private static final int PARTS = 16;
    /// What an entry takes besides the characters of its key: entry, key, value and the place in the table.
    private static final int ENTRY = 120;

    private final Part<V>[] parts;

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
    BoundedCache(long bytes) {
        parts = new Part[PARTS];
        for (int i = 0; i < PARTS; i++) {
            parts[i] = new Part<>(Math.max(1, bytes / PARTS));
        }
    }

    @Nullable V get(String key) {
        Part<V> part = part(key);
        synchronized (part) {
            return part.get(key);
        }
    }

    void put(String key, V value) {
        Part<V> part = part(key);
        synchronized (part) {
            part.store(key, value);
        }
    }

    void putIfAbsent(String key, V value) {
        Part<V> part = part(key);
        synchronized (part) {
            if (!part.containsKey(key)) {
                part.store(key, value);
            }
        }
    }

    void remove(String key) {
        Part<V> part = part(key);
        synchronized (part) {
            part.forget(key);
        }
    }

    int size() {
        int size = 0;
        for (Part<V> part : parts) {
            synchronized (part) {
                size += part.size();
            }
        }
        return size;
    }

    private Part<V> part(String key) {
        int hash = key.hashCode();
        return parts[(hash ^ hash >>> 16) & PARTS - 1];
    }

    private static final class Part<V> extends LinkedHashMap<String, V> {

        private static final long serialVersionUID = 1;

        private final long room;
        private long used;

        Part(long room) {
            super(64, 0.75f, true);
            this.room = room;
        }

        void store(String key, V value) {
            if (put(key, value) == null) {
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
