/// What the Service Management API answers: XML documents, limit headers, common headers.
@NullMarked
package io.tollkeeper.meter.answer;

import org.jspecify.annotations.NullMarked;
