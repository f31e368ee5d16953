@org.jspecify.annotations.NullMarked
package io.tollkeeper.app.portal;
