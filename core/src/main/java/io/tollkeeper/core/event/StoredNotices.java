package io.tollkeeper.core.event;

import java.util.Map;

/// [NoticeState] as it is stored: the last day with traffic, and per bin (in percent) the second of its announcement.
public record StoredNotices(long day, Map<Integer, Long> announced) {

    public StoredNotices {
        announced = Map.copyOf(announced);
    }
}
