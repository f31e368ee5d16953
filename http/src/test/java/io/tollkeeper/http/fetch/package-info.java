@org.jspecify.annotations.NullMarked
package io.tollkeeper.http.fetch;
