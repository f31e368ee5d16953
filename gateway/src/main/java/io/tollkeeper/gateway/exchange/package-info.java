/// One request on its way through the gateway: what is known of it, and how it is refused.
@NullMarked
package io.tollkeeper.gateway.exchange;

import org.jspecify.annotations.NullMarked;
