/// What a configuration file declares: settings, products, plans, applications. Two forms, `tollkeeper.yaml` and
/// 3scale's gateway document, give the same values; every mistake is told at once.
@NullMarked
package io.tollkeeper.app.declaration;

import org.jspecify.annotations.NullMarked;
