/// Who may call: the checks, and the one atomic step that decides and counts.
@NullMarked
package io.tollkeeper.core.authorize;

import org.jspecify.annotations.NullMarked;
