/// The access log: raw facts on the event loop, text and disk on a thread of its own.
@NullMarked
package io.tollkeeper.gateway.accesslog;

import org.jspecify.annotations.NullMarked;
