package io.tollkeeper.meter.internalapi;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.event.StoredEvent;
import io.tollkeeper.core.query.LocalUsage;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/// `/events/`: what a portal fetches, stores and then deletes. Blocks.
final class EventsResource implements InternalApi.Resource {

    /// Events in one answer. Who deletes what it has fetched gets the others with the next.
    static final int AT_ONCE = 10_000;

    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'").withZone(ZoneOffset.UTC);

    private final EventStore events;
    private final LocalUsage usage;

    EventsResource(EventStore events, LocalUsage usage) {
        this.events = events;
        this.usage = usage;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (route.is("GET", "events")) {
            usage.barrier();
            ObjectNode answer = Json.object().put("status", "found");
            ArrayNode found = answer.putArray("events");
            events.oldest(AT_ONCE).forEach(event -> add(found.addObject(), event));
            return InternalAnswer.of(200, answer);
        }
        if (route.is("DELETE", "events")) {
            long upTo = number(Json.text(Json.body(request.body()), "upto_id"));
            usage.barrier();
            long gone = upTo > 0 ? events.deleteUpTo(upTo) : 0;
            return InternalAnswer.of(200, Json.object().put("status", "deleted").put("num_events", gone));
        }
        if (route.is("DELETE", "events", "*")) {
            long id = number(route.sent(1));
            usage.barrier();
            return id > 0 && events.delete(id)
                    ? InternalAnswer.word(200, "deleted")
                    : InternalAnswer.notFound("event not found");
        }
        return null;
    }

    /// A number, or 0, which is no event's id.
    private static long number(@Nullable String text) {
        try {
            return text == null ? 0 : Long.parseLong(text.strip());
        } catch (NumberFormatException notANumber) {
            return 0;
        }
    }

    private static void add(ObjectNode into, StoredEvent stored) {
        Event event = stored.event();
        String at = SECOND.format(Instant.ofEpochSecond(event.at()));
        into.put("id", stored.id()).put("type", type(event)).put("timestamp", at);
        ObjectNode object = into.putObject("object");
        if (event instanceof Event.Alert alert) {
            object.put("id", stored.alertId()).put("utilization", alert.utilization());
            object.putRawValue("max_utilization", new RawValue(decimal(alert.maxUtilization())));
            object.put("application_id", event.applicationId())
                    .put("service_id", event.productId())
                    .put("timestamp", at)
                    .put("limit", alert.limit());
        } else {
            object.put("service_id", event.productId()).put("application_id", event.applicationId()).put("timestamp", at);
        }
    }

    private static String type(Event event) {
        return switch (event) {
            case Event.FirstTraffic _ -> "first_traffic";
            case Event.FirstDailyTraffic _ -> "first_daily_traffic";
            case Event.Alert _ -> "alert";
        };
    }

    /// Without an exponent, with at least one digit behind the point: 1.0.
    private static String decimal(double ratio) {
        BigDecimal exact = new BigDecimal(Double.toString(ratio));
        return exact.setScale(Math.max(1, exact.scale())).toPlainString();
    }
}
