/// What any store must do, as abstract tests: a store passes when a subclass that only opens it passes.
@NullMarked
package io.tollkeeper.testkit.store;

import org.jspecify.annotations.NullMarked;
