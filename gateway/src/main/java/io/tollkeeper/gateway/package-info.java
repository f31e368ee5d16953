/// Placeholder removed as soon as the first package of this module exists.
@org.jspecify.annotations.NullMarked
package io.tollkeeper.gateway;
