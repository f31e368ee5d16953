package io.tollkeeper.core.query;

import java.util.List;

/// What came of a question for series.
public sealed interface UsageAnswer {

    /// One series per key that was asked for by name, or, for a range of keys, per key that counted anything in the
    /// span, ascending.
    record Table(UsageSpan span, List<UsageSeries> series) implements UsageAnswer {

        public Table {
            series = List.copyOf(series);
        }
    }

    /// More than `most` values: ask for fewer keys, a shorter span or a longer period.
    record TooMuch(int most) implements UsageAnswer {}
}
