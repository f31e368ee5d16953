package io.tollkeeper.core.event;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/// What is remembered of one application so that nobody is told twice: the last day on which it was seen, and when each
/// alert bin was announced. Guarded by the application's lock; never blocks.
///
/// Undo takes the lesser of what is there and what was there before, so it may come in any order.
public final class NoticeState {

    /// It did not happen yet.
    public static final long NEVER = Long.MIN_VALUE;

    /// An announced bin is not announced again for this long, whatever the period, metric or limit.
    public static final long SILENT_SECONDS = 86_400;

    private static final long SECONDS_PER_DAY = 86_400;

    private long day = NEVER;
    private long @Nullable [] announced;

    /// An application that was never seen.
    public NoticeState() {}

    /// As it was stored; none if it was never seen.
    public NoticeState(@Nullable StoredNotices stored) {
        if (stored != null) {
            day = stored.day();
            stored.announced().forEach((percent, at) -> {
                int bin = AlertBins.indexOf(percent);
                if (bin >= 0) {
                    announced(bin, at);
                }
            });
        }
    }

    /// The UTC day of a second.
    public static long day(long second) {
        return Math.floorDiv(second, SECONDS_PER_DAY);
    }

    /// The last day with traffic, or [#NEVER].
    public long day() {
        return day;
    }

    /// When a bin was announced last, or [#NEVER].
    public long announced(int bin) {
        long[] moments = announced;
        return moments == null ? NEVER : moments[bin];
    }

    /// Whether a bin was announced within [#SILENT_SECONDS] before `now`.
    public boolean isSilent(int bin, long now) {
        long at = announced(bin);
        return at != NEVER && now - at < SILENT_SECONDS;
    }

    /// Remembers that an event happened.
    public void happened(Event event) {
        switch (event) {
            case Event.FirstTraffic _ -> {
                // the first traffic of its day comes with it
            }
            case Event.FirstDailyTraffic daily -> day = day(daily.at());
            case Event.Alert alert -> announced(AlertBins.indexOf(alert.utilization()), alert.at());
        }
    }

    /// Forgets what [#happened] remembered.
    public void undo(Notice notice) {
        switch (notice.event()) {
            case Event.FirstTraffic _ -> {
                // the first traffic of its day goes with it
            }
            case Event.FirstDailyTraffic _ -> day = Math.min(day, notice.before());
            case Event.Alert alert -> {
                int bin = AlertBins.indexOf(alert.utilization());
                announced(bin, Math.min(announced(bin), notice.before()));
            }
        }
    }

    private void announced(int bin, long at) {
        long[] moments = announced;
        if (moments == null) {
            moments = new long[AlertBins.COUNT];
            Arrays.fill(moments, NEVER);
            announced = moments;
        }
        moments[bin] = at;
    }
}
