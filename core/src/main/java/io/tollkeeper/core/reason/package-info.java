/// Every refusal and failure: its code, its status, whose turn it is, what to do.
@NullMarked
package io.tollkeeper.core.reason;

import org.jspecify.annotations.NullMarked;
