/// Reads YAML and JSON into a small tree that knows its lines, so that every mistake can be told with its place.
@NullMarked
package io.tollkeeper.app.document;

import org.jspecify.annotations.NullMarked;
