/// What is wrong in how a product was integrated: errors of its callers, kept for its owner.
@NullMarked
package io.tollkeeper.core.integration;

import org.jspecify.annotations.NullMarked;
