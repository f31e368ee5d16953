/// The gateway: lets calls to an API in or turns them away. A reader starts at [io.tollkeeper.gateway.GatewayHandler] and
/// follows a request: `route` → `policy` (`credentials`, `rules`, `meter`) → `upstream`.
@NullMarked
package io.tollkeeper.gateway;

import org.jspecify.annotations.NullMarked;
