/// Integration errors on disk.
@NullMarked
package io.tollkeeper.store.integration;

import org.jspecify.annotations.NullMarked;
