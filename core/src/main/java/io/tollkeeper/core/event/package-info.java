/// What people are told about applications: their first traffic, the first of a day, a limit that is nearly used up.
@NullMarked
package io.tollkeeper.core.event;

import org.jspecify.annotations.NullMarked;
