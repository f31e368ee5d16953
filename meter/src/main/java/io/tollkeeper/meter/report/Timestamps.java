package io.tollkeeper.meter.report;

import java.math.BigInteger;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tollkeeper.core.usage.Blank;
import org.jspecify.annotations.Nullable;

/// The timestamps of reported transactions (specification, 13.1). Pure function.
///
/// | text | second |
/// |---|---|
/// | none, empty | now |
/// | an integer as Ruby writes it (`1773144000`, `0x…`, `1_000`) | UNIX seconds, so `20260310` is 1970 |
/// | a date with or without time and zone, in the usual orders | that time; UTC without a zone or with an unknown one |
/// | anything else | now, but told apart |
///
/// A day that its month lacks rolls over (February 30 is March 2), fractions of a second are dropped. The common
/// `YYYY-MM-DD HH:MM:SS` is read without regular expressions; what people write otherwise goes through patterns.
public final class Timestamps {

    private static final long DAY = 86_400;

    private static final Pattern INTEGER = Pattern.compile(
            "([+-]?)(?:0[xX]([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)|0[bB]([01]+(?:_[01]+)*)"
                    + "|0[oO]?_?([0-7]+(?:_[0-7]+)*)|0[dD]([0-9]+(?:_[0-9]+)*)|(0|[1-9][0-9]*(?:_[0-9]+)*))");
    private static final Pattern YEAR_FIRST = Pattern.compile("(?<!\\d)(\\d{4})[-/](\\d{1,2})[-/](\\d{1,2})(?!\\d)");
    private static final Pattern DAY_FIRST = Pattern.compile("(?<!\\d)(\\d{1,2})[-/](\\d{1,2})[-/](\\d{4})(?!\\d)");
    private static final String MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?";
    private static final Pattern DAY_MONTH_NAME =
            Pattern.compile("(?<!\\d)(\\d{1,2})(?:st|nd|rd|th)?[\\s-]+" + MONTH + "[\\s,-]+(\\d{4})(?!\\d)");
    private static final Pattern MONTH_NAME_DAY =
            Pattern.compile("\\b" + MONTH + "\\s+(\\d{1,2})(?:st|nd|rd|th)?[\\s,]+(?:[\\d:]+\\s+)?(\\d{4})(?!\\d)");
    private static final Pattern TIME = Pattern.compile(
            "(?<![\\d:])(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,]\\d+)?)?(?![\\d:])\\s*([ap]m\\b)?\\s*"
                    + "(?:(?:gmt|utc)?([+-])(\\d{2}):?(\\d{2})(?!\\d)|([a-z]+)\\b)?");
    private static final List<String> MONTHS =
            List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");
    private static final Map<String, Integer> ZONE_HOURS = Map.ofEntries(
            Map.entry("utc", 0),
            Map.entry("gmt", 0),
            Map.entry("z", 0),
            Map.entry("wet", 0),
            Map.entry("bst", 1),
            Map.entry("cet", 1),
            Map.entry("met", 1),
            Map.entry("cest", 2),
            Map.entry("mest", 2),
            Map.entry("eet", 2),
            Map.entry("eest", 3),
            Map.entry("msk", 3),
            Map.entry("jst", 9),
            Map.entry("est", -5),
            Map.entry("edt", -4),
            Map.entry("cst", -6),
            Map.entry("cdt", -5),
            Map.entry("mst", -7),
            Map.entry("mdt", -6),
            Map.entry("pst", -8),
            Map.entry("pdt", -7),
            Map.entry("akst", -9),
            Map.entry("hst", -10));

    /// What [#read] answers for a text that means no moment: such a transaction counts now.
    public static final long UNREADABLE = Long.MIN_VALUE;

    /// Nobody writes a moment in more; and patterns are not for long texts of strangers.
    private static final int LONGEST = 100;

    private Timestamps() {}

    /// The epoch second that a text means at `now`, or [#UNREADABLE].
    public static long read(@Nullable String text, long now) {
        if (text == null || Blank.is(text)) {
            return now;
        }
        if (text.length() == 19) {
            long usual = usual(text);
            if (usual != Long.MIN_VALUE) {
                return usual;
            }
        }
        if (text.length() > LONGEST) {
            return tooLong(text);
        }
        String trimmed = text.strip();
        Matcher integer = INTEGER.matcher(trimmed);
        return integer.matches() ? integer(integer) : date(trimmed.toLowerCase(Locale.ROOT));
    }

    /// A number of so many digits is far away; anything else is not worth reading.
    private static long tooLong(String text) {
        boolean negative = text.charAt(0) == '-';
        for (int i = negative ? 1 : 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return UNREADABLE;
            }
        }
        return negative ? -Long.MAX_VALUE / 2 : Long.MAX_VALUE / 2;
    }

    /// `YYYY-MM-DD HH:MM:SS`, or `MIN_VALUE` if the text is not exactly that.
    private static long usual(String text) {
        for (int i = 0; i < 19; i++) {
            char c = text.charAt(i);
            boolean fits =
                    switch (i) {
                        case 4, 7 -> c == '-';
                        case 10 -> c == ' ' || c == 'T';
                        case 13, 16 -> c == ':';
                        default -> c >= '0' && c <= '9';
                    };
            if (!fits) {
                return Long.MIN_VALUE;
            }
        }
        long day = day(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10));
        long second = second(number(text, 11, 13), number(text, 14, 16), number(text, 17, 19));
        return day == Long.MIN_VALUE || second < 0 ? Long.MIN_VALUE : day * DAY + second;
    }

    private static int number(String text, int from, int to) {
        int value = 0;
        for (int i = from; i < to; i++) {
            value = value * 10 + text.charAt(i) - '0';
        }
        return value;
    }

    private static long integer(Matcher matcher) {
        String digits = "";
        int radix = 10;
        int[] radixes = {16, 2, 8, 10, 10};
        for (int group = 2; group <= 6; group++) {
            if (matcher.group(group) != null) {
                digits = matcher.group(group).replace("_", "");
                radix = radixes[group - 2];
            }
        }
        BigInteger value = new BigInteger(digits, radix);
        long saturated = value.bitLength() > 62 ? Long.MAX_VALUE / 2 : value.longValue();
        return "-".equals(matcher.group(1)) ? -saturated : saturated;
    }

    private static long date(String text) {
        long day = dayOf(text);
        if (day == Long.MIN_VALUE) {
            return UNREADABLE;
        }
        Matcher time = TIME.matcher(text.replaceFirst("(\\d)t(\\d)", "$1 $2"));
        if (!time.find()) {
            return text.indexOf(':') >= 0 ? UNREADABLE : day * DAY;
        }
        int hour = Integer.parseInt(time.group(1));
        if (time.group(4) != null) {
            if (hour < 1 || hour > 12) {
                return UNREADABLE;
            }
            hour = hour % 12 + (time.group(4).equals("pm") ? 12 : 0);
        }
        int seconds = time.group(3) == null ? 0 : Integer.parseInt(time.group(3));
        long second = second(hour, Integer.parseInt(time.group(2)), seconds);
        return second < 0 ? UNREADABLE : day * DAY + second - offset(time);
    }

    private static long offset(Matcher time) {
        if (time.group(5) != null) {
            long offset = Integer.parseInt(time.group(6)) * 3_600L + Integer.parseInt(time.group(7)) * 60L;
            return time.group(5).equals("-") ? -offset : offset;
        }
        String name = time.group(8);
        return name == null ? 0 : ZONE_HOURS.getOrDefault(name, 0) * 3_600L;
    }

    private static long dayOf(String text) {
        Matcher found = YEAR_FIRST.matcher(text);
        if (found.find()) {
            return day(intOf(found, 1), intOf(found, 2), intOf(found, 3));
        }
        found = DAY_FIRST.matcher(text);
        if (found.find()) {
            return day(intOf(found, 3), intOf(found, 2), intOf(found, 1));
        }
        found = DAY_MONTH_NAME.matcher(text);
        if (found.find()) {
            return day(intOf(found, 3), MONTHS.indexOf(found.group(2)) + 1, intOf(found, 1));
        }
        found = MONTH_NAME_DAY.matcher(text);
        if (found.find()) {
            return day(intOf(found, 3), MONTHS.indexOf(found.group(1)) + 1, intOf(found, 2));
        }
        return Long.MIN_VALUE;
    }

    private static int intOf(Matcher matcher, int group) {
        return Integer.parseInt(matcher.group(group));
    }

    /// Days since 1970; `MIN_VALUE` for an impossible month or day.
    private static long day(int year, int month, int day) {
        if (month < 1 || month > 12 || day < 1 || day > 31) {
            return Long.MIN_VALUE;
        }
        return LocalDate.of(year, month, 1).toEpochDay() + day - 1;
    }

    /// Second of the day; −1 for an impossible time. 24:00:00 is the next midnight, second 60 the next minute.
    private static long second(int hour, int minute, int second) {
        boolean possible = minute <= 59 && second <= 60 && (hour <= 23 || hour == 24 && minute == 0 && second == 0);
        return possible ? hour * 3_600L + minute * 60L + second : -1;
    }
}
