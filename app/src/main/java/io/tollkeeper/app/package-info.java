/// The program: [io.tollkeeper.app.Main] gives the commands their work, [io.tollkeeper.app.Wiring] builds everything by
/// hand and is the map.
@NullMarked
package io.tollkeeper.app;

import org.jspecify.annotations.NullMarked;
