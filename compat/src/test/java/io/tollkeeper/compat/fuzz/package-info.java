/// Whatever is sent is answered as the specification says: targets for a fuzzer, with oracles.
///
/// A target takes bytes and throws when a property does not hold. `FuzzCorpusTest` runs all of them over the kept corpus
/// and some mutations of it in every build; `compat/fuzz` runs one for as long as wanted, guided by coverage.
@NullMarked
package io.tollkeeper.compat.fuzz;

import org.jspecify.annotations.NullMarked;
