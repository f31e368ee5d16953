/// 3scale's own client libraries, called against the meter.
@NullMarked
package io.tollkeeper.compat.client;

import org.jspecify.annotations.NullMarked;
