/// How the command line talks to a running process: a Unix domain socket in the data folder, readable by its owner
/// only, never an open port.
@NullMarked
package io.tollkeeper.app.control;

import org.jspecify.annotations.NullMarked;
