package io.tollkeeper.compat.fuzz;

import java.io.IOException;

/// Tries one input; throws when a property does not hold. Used by one thread at a time; may block.
interface FuzzTarget {

    void run(byte[] input) throws IOException;

    /// Fails with what was sent, what came and what was expected.
    static void require(boolean holds, String property, Object came, Object expected) {
        if (!holds) {
            throw new AssertionError(property + ": came " + came + ", expected " + expected);
        }
    }

    /// The same for equal values.
    static void same(String property, Object came, Object expected) {
        require(came.equals(expected), property, came, expected);
    }
}
