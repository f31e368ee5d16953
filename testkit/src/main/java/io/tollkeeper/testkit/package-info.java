/// What tests talk to instead of mocks: peers that misbehave on purpose, a client that sends bytes as given,
/// a DNS server that lies, certificates that expired. Plain blocking JDK code on virtual threads, loopback only.
@NullMarked
package io.tollkeeper.testkit;

import org.jspecify.annotations.NullMarked;
