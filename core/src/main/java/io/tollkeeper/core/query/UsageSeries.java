package io.tollkeeper.core.query;

/// What one key counted in each period of a [UsageSpan]; 0 where nothing was counted. Immutable by agreement.
@SuppressWarnings("ArrayRecordComponent") // handed out by agreement, never compared
public record UsageSeries(int key, long[] values) {

    /// Sum over all periods; stops at 2^63 − 1.
    public long total() {
        long total = 0;
        for (long value : values) {
            long sum = total + value;
            if (((total ^ sum) & (value ^ sum)) < 0) {
                return Long.MAX_VALUE;
            }
            total = sum;
        }
        return total;
    }
}
