/// The program in the process of a test.
@NullMarked
package io.tollkeeper.compat.program;

import org.jspecify.annotations.NullMarked;
