/// What keeps a running process in good order: listeners for liveness and metrics, and the configuration file that is
/// taken over while calls go on.
@NullMarked
package io.tollkeeper.app.operate;

import org.jspecify.annotations.NullMarked;
