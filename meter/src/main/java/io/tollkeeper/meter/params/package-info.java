/// What callers of the Service Management API send: query strings and forms, read into flat arrays.
@NullMarked
package io.tollkeeper.meter.params;

import org.jspecify.annotations.NullMarked;
