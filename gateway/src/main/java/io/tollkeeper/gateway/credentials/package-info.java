/// Where a request carries the credentials of its application.
@NullMarked
package io.tollkeeper.gateway.credentials;

import org.jspecify.annotations.NullMarked;
