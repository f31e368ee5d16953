package io.tollkeeper.core.query;

import java.util.List;

import io.tollkeeper.core.usage.CounterKey;
import io.tollkeeper.core.usage.KeyRange;
import io.tollkeeper.core.usage.Period;

/// Asks for what was counted. Whatever was answered to a client before the question is in the answer, whether it lies
/// in memory, in the journal or in a closed period. Every method blocks; for virtual threads, never for event loops.
///
/// ```java
/// var span = UsageSpan.of(Period.DAY, monthStart, now);       // UsageSpan.fault tells what is wrong with a range
/// var owner = new UsageOwner.OfProduct(product.number());
/// switch (queries.series(owner, KeyRange.one(metric.number()), span)) {
///     case UsageAnswer.Table table -> table.series().getFirst().values();
///     case UsageAnswer.TooMuch tooMuch -> …
/// }
/// ```
///
/// Products have no counter per year: theirs is the sum of the year's months. Hours (and, if it is set so, days) leave
/// the store after a while; what is gone reads as 0.
public interface UsageQueries {

    /// Values (series × periods) that one answer may have.
    int MOST_VALUES = 200_000;

    /// The value of one counter in the period that contains the second `at`. [CounterKey] says what a key is. A minute
    /// stays readable for 180 s; for products there are none.
    long counter(UsageOwner owner, int key, Period period, long at);

    /// Series of one key ([KeyRange#one]) or of a whole family.
    UsageAnswer series(UsageOwner owner, KeyRange keys, UsageSpan span);

    /// The applications of a product that counted most under a key in the period that contains the second `at`, largest
    /// first, equal ones by id; deleted ones too. Reads every application of the product, so it takes a while for a
    /// million of them.
    List<TopApplication> top(String productId, int key, Period period, long at, int most);
}
