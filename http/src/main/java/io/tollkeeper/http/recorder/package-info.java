/// What is left of an exchange when it is over, whoever answered it: a line of the access log, and, if it is kept, its
/// flight record. Raw facts on the event loop; text and disk on a thread of its own.
@NullMarked
package io.tollkeeper.http.recorder;

import org.jspecify.annotations.NullMarked;
