/// The Internal API: how a portal pushes products, plans, applications and keys, and reads counters. JSON over HTTP.
@NullMarked
package io.tollkeeper.meter.internalapi;

import org.jspecify.annotations.NullMarked;
