/// The meter a second time, slowly, from the text of the specification; and random conversations held with both.
@NullMarked
package io.tollkeeper.compat.model;

import org.jspecify.annotations.NullMarked;
