/// The command line: one file per command. The only place that writes to standard output.
@NullMarked
package io.tollkeeper.app.command;

import org.jspecify.annotations.NullMarked;
