/// Requests of our own: portals, issuers of tokens, meters. Blocking, over the same pool, resolver and TLS as proxied calls.
@NullMarked
package io.tollkeeper.http.fetch;

import org.jspecify.annotations.NullMarked;
