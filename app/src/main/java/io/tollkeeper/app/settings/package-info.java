/// Settings as records: defaults visible, units in the types, every mistake of all sources told at once.
@NullMarked
package io.tollkeeper.app.settings;

import org.jspecify.annotations.NullMarked;
