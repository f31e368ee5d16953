/// The meter: who may call, how much, and what was used. Speaks the Service Management API.
@NullMarked
package io.tollkeeper.meter;

import org.jspecify.annotations.NullMarked;
