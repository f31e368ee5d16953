/// Asking the meter: may this call pass, and count it.
@NullMarked
package io.tollkeeper.gateway.meter;

import org.jspecify.annotations.NullMarked;
