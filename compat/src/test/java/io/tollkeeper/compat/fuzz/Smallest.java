package io.tollkeeper.compat.fuzz;

import java.util.Arrays;
import java.util.function.Predicate;

/// Takes away of a failing input what it does not need to fail. Pure function over the predicate.
final class Smallest {

    private static final int MOST_TRIES = 2_000;

    private Smallest() {}

    static byte[] of(byte[] failing, Predicate<byte[]> fails) {
        byte[] smallest = failing;
        int tries = 0;
        for (int piece = Math.max(1, failing.length / 2); piece >= 1; piece /= 2) {
            for (int at = 0; at < smallest.length && tries < MOST_TRIES;) {
                byte[] shorter = without(smallest, at, Math.min(smallest.length, at + piece));
                tries++;
                if (fails.test(shorter)) {
                    smallest = shorter;
                } else {
                    at += piece;
                }
            }
        }
        return smallest;
    }

    private static byte[] without(byte[] input, int from, int to) {
        byte[] shorter = Arrays.copyOf(input, input.length - (to - from));
        System.arraycopy(input, to, shorter, from, input.length - to);
        return shorter;
    }
}
