package io.tollkeeper.compat.fuzz;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

import io.tollkeeper.meter.report.Timestamps;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;
import static io.tollkeeper.compat.fuzz.FuzzTarget.same;

/// Timestamps mean what section 13.1 says: the input as it is, and moments made of its first bytes, written in every
/// documented way.
final class TimestampsTarget implements FuzzTarget {

    private static final long NOW = 1_795_192_025;

    @Override
    public void run(byte[] input) {
        asItIs(new String(input, StandardCharsets.UTF_8));
        if (input.length >= 8) {
            written(input);
        }
    }

    private static void asItIs(String text) {
        long read = Timestamps.read(text, NOW);
        same("read once more", Timestamps.read(text, NOW), read);
        long second = read == Timestamps.UNREADABLE ? NOW : read;
        require(Math.abs(second) <= Long.MAX_VALUE / 2, "comparable without overflow", second, "less than 2^62");
        if (text.isEmpty()) {
            same("nothing", second, NOW);
        }
        if (text.matches("[1-9][0-9]{0,40}")) {
            var number = new BigInteger(text);
            same("seconds", second, number.bitLength() > 62 ? Long.MAX_VALUE / 2 : number.longValueExact());
        }
        if (!text.matches("(?s).*[0-9].*")) {
            same("no digit in it", second, NOW);
        }
        if (read != NOW) {
            same("whatever now is", Timestamps.read(text, NOW + 12_345), read);
        }
    }

    private static void written(byte[] b) {
        int year = 1970 + Math.floorMod(b[0] << 8 | b[1], 130);
        int month = 1 + Math.floorMod(b[2], 12);
        int day = 1 + Math.floorMod(b[3], 31);
        int hour = Math.floorMod(b[4], 24);
        int minute = Math.floorMod(b[5], 60);
        int second = Math.floorMod(b[6], 60);
        // day 30 of February rolls over
        var date = LocalDate.of(year, month, 1).plusDays(day - 1L);
        var at = date.atTime(hour, minute, second);
        long utc = at.toEpochSecond(ZoneOffset.UTC);
        var sent = String.format(Locale.ROOT, "%04d-%02d-%02d", year, month, day);
        var time = String.format(Locale.ROOT, "%02d:%02d:%02d", hour, minute, second);
        reads(sent + " " + time, utc);
        reads(sent + "T" + time, utc);
        reads(sent + "T" + time + "Z", utc);
        reads(sent.replace('-', '/') + " " + time, utc);
        reads(sent + " " + time + "." + (b[7] & 0x7F), utc);
        reads(sent + " " + time.substring(0, 5), utc - second);
        reads(sent, date.toEpochDay() * 86_400);
        reads(sent + " " + time + " UTC", utc);
        reads(sent + " " + time + " GMT", utc);
        reads(sent + " " + time + " PST", utc + 8 * 3_600);
        reads(sent + " " + time + " XYZT", utc);
        reads(String.format(Locale.ROOT, "%d/%d/%04d %s", day, month, year, time), utc);
        int quarters = Math.floorMod(b[7], 97) - 48;
        var offset = ZoneOffset.ofTotalSeconds(quarters * 900);
        var digits = quarters == 0 ? "+00:00" : offset.toString();
        reads(sent + "T" + time + digits, utc - quarters * 900L);
        reads(sent + " " + time + " " + digits.replace(":", ""), utc - quarters * 900L);
        mail(at, offset, utc - quarters * 900L);
        reads(Long.toString(utc), utc);
        reads("  " + utc + " ", utc);
        reads("0x" + Long.toHexString(utc), utc);
        reads("0" + Long.toOctalString(utc), utc);
        reads("0b" + Long.toBinaryString(utc), utc);
    }

    private static void mail(LocalDateTime at, ZoneOffset offset, long expected) {
        var moment = OffsetDateTime.of(at, offset);
        reads(DateTimeFormatter.ofPattern("EEE, d MMM uuuu HH:mm:ss xx", Locale.ENGLISH).format(moment), expected);
        reads(DateTimeFormatter.ofPattern("d MMM uuuu HH:mm:ss xx", Locale.ENGLISH).format(moment), expected);
    }

    private static void reads(String text, long expected) {
        same("\"" + text + "\"", Timestamps.read(text, NOW), expected);
    }
}
