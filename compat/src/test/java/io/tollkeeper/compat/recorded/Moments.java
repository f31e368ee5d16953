package io.tollkeeper.compat.recorded;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import io.tollkeeper.compat.model.CalendarPeriod;

/// The moments that recordings speak of: calendar periods, and `{{now-120|%Y-%m-%d}}` in what is sent. Pure functions.
final class Moments {

    private static final Pattern REPORT = Pattern.compile(
            "(<usage_report metric=\"[^\"]*\" period=\"(\\w+)\"(?: exceeded=\"true\")?>)(<period_start>.*?</period_end>)");
    private static final Pattern TEMPLATE = Pattern.compile("\\{\\{now([+-]\\d+)?\\|(.*?)}}");
    private static final DateTimeFormatter PRINTED = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);

    private Moments() {}

    /// How long a step of `+1` is; none for periods that no recording steps over.
    static Duration step(String period) {
        return switch (period) {
            case "minute" -> Duration.ofMinutes(1);
            case "hour" -> Duration.ofHours(1);
            case "day" -> Duration.ofDays(1);
            case "week" -> Duration.ofDays(7);
            default -> Duration.ZERO;
        };
    }

    /// Right moments of usage reports become `*`; wrong ones stay and are seen.
    static String masked(String body, Instant at) {
        return REPORT.matcher(body).replaceAll(found -> java.util.regex.Matcher.quoteReplacement(
                found.group(1) + (found.group(3).equals(dates(found, at)) ? "*" : found.group(3))));
    }

    private static String dates(MatchResult found, Instant at) {
        var period = found.group(2);
        return "<period_start>" + PRINTED.format(CalendarPeriod.start(period, at)) + " +0000</period_start>"
                + "<period_end>" + PRINTED.format(CalendarPeriod.end(period, at)) + " +0000</period_end>";
    }

    /// Fills in what a recording sends relative to now, in the letters of `strftime`.
    static String filled(String template, Instant now) {
        return TEMPLATE.matcher(template).replaceAll(found -> {
            var at = now.plusSeconds(found.group(1) == null ? 0 : Long.parseLong(found.group(1)));
            return java.util.regex.Matcher.quoteReplacement(found.group(2).equals("epoch")
                    ? Long.toString(at.getEpochSecond())
                    : printed(found.group(2), at.atZone(ZoneOffset.UTC)));
        });
    }

    private static String printed(String format, ZonedDateTime at) {
        var text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            text.append(c == '%' && i + 1 < format.length() ? one(format.charAt(++i), at) : String.valueOf(c));
        }
        return text.toString();
    }

    private static String one(char letter, ZonedDateTime at) {
        var pattern = switch (letter) {
            case 'Y' -> "uuuu";
            case 'm' -> "MM";
            case 'd' -> "dd";
            case 'H' -> "HH";
            case 'I' -> "hh";
            case 'M' -> "mm";
            case 'S' -> "ss";
            case 'f' -> "SSSSSS";
            case 'p' -> "a";
            case 'y' -> "uu";
            case 'j' -> "DDD";
            case 'a' -> "EEE";
            case 'A' -> "EEEE";
            case 'b' -> "MMM";
            case 'B' -> "MMMM";
            case 'F' -> "uuuu-MM-dd";
            case 'T' -> "HH:mm:ss";
            case 'z' -> "xx";
            case 'Z' -> "'UTC'";
            case '%' -> "'%'";
            case 's' -> "";
            default -> throw new IllegalArgumentException("%" + letter + " in a recording is not known here");
        };
        return letter == 's'
                ? Long.toString(at.toEpochSecond())
                : DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(at);
    }
}
