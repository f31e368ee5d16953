/// The policies of a product and the chain in which they run.
@NullMarked
package io.tollkeeper.gateway.policy;

import org.jspecify.annotations.NullMarked;
