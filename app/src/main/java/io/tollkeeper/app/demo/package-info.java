/// The product that `tollkeeper run` serves where there is no configuration file, and the upstream behind it.
@NullMarked
package io.tollkeeper.app.demo;

import org.jspecify.annotations.NullMarked;
