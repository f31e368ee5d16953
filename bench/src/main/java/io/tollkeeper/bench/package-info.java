/// Programs and JMH benchmarks behind `bench/run`; not shipped.
@NullMarked
package io.tollkeeper.bench;

import org.jspecify.annotations.NullMarked;
