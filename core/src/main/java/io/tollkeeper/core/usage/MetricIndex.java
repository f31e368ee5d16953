package io.tollkeeper.core.usage;

/// Finds a metric in a list of metric numbers, so that usage of four thousand metrics costs as much each as usage of
/// four does. Short lists are scanned, longer ones have a table of positions. Belongs to the owner of the list.
final class MetricIndex {

    private static final int SCANNED = 12;

    /// Open addressing: hash of the metric → its position + 1.
    private int[] table = {};

    /// Position of a metric among the first `size` of a list; −1 if it is not there.
    int find(int[] metrics, int size, int metric) {
        if (size <= SCANNED) {
            for (int i = 0; i < size; i++) {
                if (metrics[i] == metric) {
                    return i;
                }
            }
            return -1;
        }
        int mask = table.length - 1;
        int slot = hash(metric) & mask;
        while (table[slot] != 0) {
            int position = table[slot] - 1;
            if (metrics[position] == metric) {
                return position;
            }
            slot = slot + 1 & mask;
        }
        return -1;
    }

    /// The last one of the list is new.
    void added(int[] metrics, int size) {
        if (size <= SCANNED) {
            return;
        }
        if (size == SCANNED + 1 || size * 2 > table.length) {
            changed(metrics, size);
        } else {
            place(metrics[size - 1], size - 1);
        }
    }

    /// The list is another one.
    void changed(int[] metrics, int size) {
        if (size <= SCANNED) {
            return;
        }
        table = new int[Integer.highestOneBit(size) * 4];
        for (int i = 0; i < size; i++) {
            place(metrics[i], i);
        }
    }

    private void place(int metric, int position) {
        int mask = table.length - 1;
        int slot = hash(metric) & mask;
        while (table[slot] != 0) {
            slot = slot + 1 & mask;
        }
        table[slot] = position + 1;
    }

    private static int hash(int metric) {
        int mixed = metric * 0x9E37_79B9;
        return mixed ^ mixed >>> 16;
    }
}
