package io.tollkeeper.core.authorize;

import java.util.ArrayList;
import java.util.List;

import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.PlanLimits;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.event.AlertBins;
import io.tollkeeper.core.event.AlertRule;
import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.event.NoticeState;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.core.usage.UsageCounters;
import org.jspecify.annotations.Nullable;

/// Finds out what people are to be told after something was counted (specification, section 16). Called inside the
/// application's lock, on the road of every counted call: nearly always it compares two numbers and returns nothing.
final class Notices {

    private static final List<Notice> NONE = List.of();

    private final AlertRule rule;

    Notices(AlertRule rule) {
        this.rule = rule;
    }

    /// The events that a call has just caused. They are remembered ([Applications#happened]) once the journal has
    /// taken the row.
    List<Notice> caused(Product product, Application application, ResidentApplication resident, long now) {
        NoticeState state = resident.notices;
        boolean firstToday = state.day() != NoticeState.day(now);
        int enabled = product.alertBins();
        // The bin 0, the lowest bit, never fires.
        Event.@Nullable Alert alert = enabled <= 1 || state.isSilent(AlertBins.highest(enabled), now)
                ? null
                : alert(product, application, resident, now);
        return firstToday || alert != null ? notices(application, state, firstToday, alert, now) : NONE;
    }

    private static List<Notice> notices(
            Application application, NoticeState state, boolean firstToday, Event.@Nullable Alert alert, long now) {
        String productId = application.productId();
        String id = application.id();
        long number = application.number();
        List<Notice> notices = new ArrayList<>(3);
        if (firstToday) {
            if (state.day() == NoticeState.NEVER) {
                notices.add(new Notice(number, new Event.FirstTraffic(productId, id, now), NoticeState.NEVER));
            }
            notices.add(new Notice(number, new Event.FirstDailyTraffic(productId, id, now), state.day()));
        }
        if (alert != null) {
            notices.add(new Notice(number, alert, state.announced(AlertBins.indexOf(alert.utilization()))));
        }
        return List.copyOf(notices);
    }

    /// The alert that is due, or none: of all limits the one that is used up most counts, however the call came to it.
    private Event.@Nullable Alert alert(
            Product product, Application application, ResidentApplication resident, long now) {
        PlanLimits limits = product.limits(application.planId());
        UsageCounters counters = resident.counters;
        double highest = -1;
        int which = -1;
        for (int i = 0; i < limits.size(); i++) {
            if (limits.max(i) > 0) {
                double ratio = counters.current(limits.metric(i), limits.period(i)) / (double) limits.max(i);
                if (ratio > highest) {
                    highest = ratio;
                    which = i;
                }
            }
        }
        int bin = rule.bin(product.alertBins(), highest);
        if (bin < 0 || resident.notices.isSilent(bin, now)) {
            return null;
        }
        return new Event.Alert(
                application.productId(),
                application.id(),
                now,
                AlertBins.percent(bin),
                highest,
                product.metricName(limits.metric(which)) + " per "
                        + Period.of(limits.period(which)).wireName() + ": "
                        + counters.current(limits.metric(which), limits.period(which)) + "/" + limits.max(which));
    }
}
