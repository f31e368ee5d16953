package io.tollkeeper.core.usage;

import java.util.Arrays;

/// Slots of a [UsageCounters] in their compact binary form (`application_usage.slots`). Immutable by agreement: the
/// array is handed over, not copied.
public final class SlotBytes {

    private final byte[] bytes;

    public SlotBytes(byte[] bytes) {
        this.bytes = bytes;
    }

    /// The bytes themselves; not to be changed.
    public byte[] bytes() {
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SlotBytes that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "SlotBytes[" + bytes.length + "]";
    }
}
