package io.tollkeeper.http;

import org.jspecify.annotations.Nullable;

/// Deadlines of one event loop: a wheel of 512 slots, 100 ms each, walked by one repeating task. On its loop only.
///
/// Moving a deadline is a store to a field: the entry stays in its old slot and is put where it belongs when that slot
/// comes round. So a connection that moves its deadline with every byte costs nothing here. A deadline fires up to
/// 200 ms late, never early.
public final class DeadlineWheel {

    /// Length of a tick in milliseconds.
    static final long TICK_MILLIS = 100;

    private static final long TICK_NANOS = TICK_MILLIS * 1_000_000;
    private static final int SLOTS = 512;

    private final @Nullable Deadline[] slots = new @Nullable Deadline[SLOTS];
    private final long origin = System.nanoTime();
    private long tick;

    DeadlineWheel() {}

    /// Something that happens unless it is moved or cleared in time. Owned by whoever waits (a connection, an exchange);
    /// reused, never garbage.
    public abstract static class Deadline {
        private @Nullable DeadlineWheel wheel;
        private @Nullable Deadline previous;
        private @Nullable Deadline next;
        private int slot;
        private boolean queued;
        private boolean armed;
        private long at;

        protected Deadline() {}

        /// The time has come. On the loop; the deadline is cleared before the call and may be set again in it.
        protected abstract void expired();

        /// Whether a time is set.
        public final boolean isSet() {
            return armed;
        }

        /// It will not happen.
        public final void clear() {
            armed = false;
        }

        /// It will not happen, and whoever waited is gone. A deadline that was only cleared stays in its slot until that
        /// comes round, and keeps its owner in memory as long: up to 51 s of connections that came and went.
        final void discard() {
            armed = false;
            if (queued && wheel != null) {
                wheel.unlink(this);
            }
        }
    }

    /// Sets or moves `deadline` to `nanos` from now; zero or less clears it.
    public void set(Deadline deadline, long nanos) {
        if (nanos <= 0) {
            deadline.armed = false;
            return;
        }
        setAt(deadline, System.nanoTime() + nanos);
    }

    /// Sets or moves `deadline` to a moment of [System#nanoTime].
    public void setAt(Deadline deadline, long at) {
        // Moving away, the common case, leaves the entry in its slot. Moving nearer must not, or it would fire late.
        // (Connections keep one deadline per kind of wait, so that each of them only ever moves away.)
        if (deadline.queued && at - deadline.at < 0) {
            unlink(deadline);
        }
        deadline.at = at;
        deadline.armed = true;
        if (!deadline.queued) {
            link(deadline);
        }
    }

    private int slot(long at) {
        long ticks = Math.max((at - origin) / TICK_NANOS + 1, tick + 1);
        // Further away than one turn: looked at once per turn.
        return (int) (Math.min(ticks, tick + SLOTS - 1) & (SLOTS - 1));
    }

    private void link(Deadline deadline) {
        int s = slot(deadline.at);
        Deadline first = slots[s];
        deadline.wheel = this;
        deadline.previous = null;
        deadline.next = first;
        deadline.slot = s;
        deadline.queued = true;
        if (first != null) {
            first.previous = deadline;
        }
        slots[s] = deadline;
    }

    /// A deadline was moved nearer, or is not needed any more.
    private void unlink(Deadline deadline) {
        Deadline previous = deadline.previous;
        Deadline next = deadline.next;
        if (previous == null) {
            slots[deadline.slot] = next;
        } else {
            previous.next = next;
        }
        if (next != null) {
            next.previous = previous;
        }
        deadline.previous = null;
        deadline.next = null;
        deadline.queued = false;
    }

    /// Walks the wheel up to the present.
    void advance() {
        long now = System.nanoTime();
        long due = (now - origin) / TICK_NANOS;
        // After a long pause one full turn sees every slot.
        long last = Math.min(due, tick + SLOTS);
        while (tick < last) {
            tick++;
            int s = (int) (tick & (SLOTS - 1));
            // One by one from the front: what expires may move or discard any other. Nothing is linked into this slot
            // meanwhile, see slot().
            for (Deadline d = slots[s]; d != null; d = slots[s]) {
                unlink(d);
                if (d.armed) {
                    if (now - d.at >= 0) {
                        d.armed = false;
                        d.expired();
                    } else {
                        link(d);
                    }
                }
            }
        }
        tick = due;
    }
}
