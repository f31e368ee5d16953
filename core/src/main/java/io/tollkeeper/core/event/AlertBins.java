package io.tollkeeper.core.event;

import java.util.ArrayList;
import java.util.List;

/// The utilizations, in percent, at which a product may ask for alerts; a set of them is a bit mask (bit = place in
/// ascending order). Pure functions, no allocation but in [#values].
public final class AlertBins {

    /// How many there are; the width of an array with one element per bin.
    public static final int COUNT = 9;

    /// No bin.
    public static final int NONE = -1;

    private static final int[] PERCENT = {0, 50, 80, 90, 100, 120, 150, 200, 300};

    private AlertBins() {}

    /// The place of a bin, [#NONE] if there is no such bin.
    public static int indexOf(long percent) {
        for (int i = 0; i < COUNT; i++) {
            if (PERCENT[i] == percent) {
                return i;
            }
        }
        return NONE;
    }

    /// The percentage of the bin at a place.
    public static int percent(int index) {
        return PERCENT[index];
    }

    /// The mask of one bin; 0 if there is no such bin.
    public static int mask(int percent) {
        int index = indexOf(percent);
        return index < 0 ? 0 : 1 << index;
    }

    /// The place of the highest bin of a mask, [#NONE] if it is empty.
    public static int highest(int mask) {
        return 31 - Integer.numberOfLeadingZeros(mask);
    }

    /// The place of the highest bin of `mask` that `ratio` (1.0 = 100 %) has reached, or [#NONE].
    public static int reached(int mask, double ratio) {
        for (int i = highest(mask); i >= 0; i--) {
            if ((mask & 1 << i) != 0 && ratio >= PERCENT[i] / 100.0) {
                return i;
            }
        }
        return NONE;
    }

    /// The percentages of a mask, ascending.
    public static List<Integer> values(int mask) {
        List<Integer> values = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            if ((mask & 1 << i) != 0) {
                values.add(PERCENT[i]);
            }
        }
        return values;
    }
}
