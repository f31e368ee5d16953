package io.tollkeeper.core.query;

import java.util.Arrays;

import io.tollkeeper.core.usage.Period;
import org.jspecify.annotations.Nullable;

/// The periods of one kind that `[since, until)` touches, in whole: a day that was only begun counts in full. Epoch
/// seconds, UTC. Immutable.
///
/// @param starts first second of each period, ascending, and, as the last, the end of the last one
@SuppressWarnings("ArrayRecordComponent") // handed out by agreement, never compared
public record UsageSpan(Period period, long[] starts) {

    /// Periods that one answer may have: more than a year of hours.
    public static final int MOST = 10_000;

    /// What is wrong with a span, in words for whoever asked; none if nothing is. Minutes are refused: they are kept
    /// for three minutes only.
    public static @Nullable String fault(Period period, long since, long until) {
        if (period == Period.MINUTE) {
            return "minutes are not kept (expected: hour, day, week, month, year or eternity)";
        }
        if (since >= until) {
            return "since lies not before until";
        }
        return count(period, since, until) > MOST
                ? "more than " + MOST + " periods per " + period.wireName()
                        + " (ask for a shorter range or a longer period)"
                : null;
    }

    /// A span in which [#fault] finds nothing.
    public static UsageSpan of(Period period, long since, long until) {
        String fault = fault(period, since, until);
        if (fault != null) {
            throw new IllegalArgumentException(fault);
        }
        long[] starts = new long[count(period, since, until) + 1];
        long at = since;
        for (int i = 0; i < starts.length - 1; i++) {
            starts[i] = period.start(at);
            at = period.end(at);
        }
        starts[starts.length - 1] = at;
        return new UsageSpan(period, starts);
    }

    /// How many periods; stops one above [#MOST].
    private static int count(Period period, long since, long until) {
        int count = 0;
        for (long at = since; at < until && count <= MOST; at = period.end(at)) {
            count++;
            if (period == Period.ETERNITY) {
                break;
            }
        }
        return count;
    }

    public int size() {
        return starts.length - 1;
    }

    /// First second of the first period.
    public long since() {
        return starts[0];
    }

    /// First second after the last period.
    public long until() {
        return starts[starts.length - 1];
    }

    /// Which of the periods begins at `start`; negative if none does.
    public int indexOf(long start) {
        int at = Arrays.binarySearch(starts, start);
        return at == size() ? -1 : at;
    }
}
