/// Configuration from a 3scale portal: asked at start, at intervals or per host, kept on disk for the days on which the
/// portal is away.
@NullMarked
package io.tollkeeper.app.portal;

import org.jspecify.annotations.NullMarked;
