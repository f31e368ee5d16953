/// From a request id to an explanation that a person can act on.
@NullMarked
package io.tollkeeper.doctor.explain;

import org.jspecify.annotations.NullMarked;
