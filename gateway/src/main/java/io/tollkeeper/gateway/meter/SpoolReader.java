package io.tollkeeper.gateway.meter;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/// Sums up a sealed spool file: per meter the forms to be handed in. The same bytes always give the same forms, so that a
/// form has the same id whenever it is made. Pure.
///
/// Calls are summed up per key and minute; each sum is a transaction with the minute's first second, so that what waited
/// for the meter is still counted where it belongs.
final class SpoolReader {

    private static final int MOST_PARAMETERS = 4000;

    /// A form for a meter.
    @SuppressWarnings("ArrayRecordComponent") // handed in, never compared
    record Form(String url, String host, String target, byte[] form) {}

    private record Target(String url, String host, String target) {}

    private record Key(int target, String text) {}

    private record Sum(int key, int minute) {}

    /// Calls and statuses of one key in one minute.
    private static final class Counted {
        private long calls;
        private final TreeMap<Integer, Long> statuses = new TreeMap<>();
    }

    private final List<Target> targets = new ArrayList<>();
    private final List<Key> keys = new ArrayList<>();
    private final Map<Sum, Counted> sums = new LinkedHashMap<>();

    private SpoolReader() {}

    /// The forms of a file; none if it holds nothing. A damaged tail is left out.
    static List<Form> forms(byte[] file) {
        SpoolReader reader = new SpoolReader();
        reader.read(ByteBuffer.wrap(file));
        return reader.forms();
    }

    private void read(ByteBuffer in) {
        if (in.remaining() < Long.BYTES || in.getLong() != SpoolSegment.MAGIC) {
            return;
        }
        while (in.hasRemaining() && record(in)) {}
    }

    private boolean record(ByteBuffer in) {
        byte kind = in.get();
        switch (kind) {
            case SpoolSegment.TARGET -> {
                String text = in.remaining() < 2 ? null : text(in, in.getShort());
                String[] parts = text == null ? new String[0] : text.split("\n", -1);
                if (parts.length != 3) {
                    return false;
                }
                targets.add(new Target(parts[0], parts[1], parts[2]));
            }
            case SpoolSegment.KEY -> {
                int target = in.remaining() < 4 ? -1 : in.getShort();
                String text = target < 0 || target >= targets.size() ? null : text(in, in.getShort());
                if (text == null) {
                    return false;
                }
                keys.add(new Key(target, text));
            }
            case SpoolSegment.CALL -> {
                Counted counted = in.remaining() < 8 ? null : counted(in.getInt(), in.getInt());
                if (counted == null) {
                    return false;
                }
                counted.calls++;
            }
            case SpoolSegment.STATUS -> {
                Counted counted = in.remaining() < 10 ? null : counted(in.getInt(), in.getInt());
                if (counted == null) {
                    return false;
                }
                counted.statuses.merge((int) in.getShort(), 1L, Long::sum);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private static @Nullable String text(ByteBuffer in, short length) {
        if (length < 0 || in.remaining() < length) {
            return null;
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private @Nullable Counted counted(int key, int second) {
        return key < 0 || key >= keys.size()
                ? null
                : sums.computeIfAbsent(new Sum(key, Integer.divideUnsigned(second, 60)), _ -> new Counted());
    }

    private List<Form> forms() {
        List<Form> forms = new ArrayList<>();
        for (int target = 0; target < targets.size(); target++) {
            StringBuilder form = new StringBuilder();
            int transactions = 0;
            int parameters = 0;
            for (Map.Entry<Sum, Counted> entry : sums.entrySet()) {
                Key key = keys.get(entry.getKey().key());
                if (key.target() != target) {
                    continue;
                }
                int before = form.length();
                int added = ReportForm.transaction(
                        form, transactions, key.text(), entry.getKey().minute() * 60L, entry.getValue().calls, entry.getValue().statuses);
                if (transactions > 0 && parameters + added > MOST_PARAMETERS) {
                    form.setLength(before);
                    forms.add(form(targets.get(target), form));
                    form.setLength(0);
                    transactions = 0;
                    parameters = 0;
                    ReportForm.transaction(
                            form, transactions, key.text(), entry.getKey().minute() * 60L, entry.getValue().calls, entry.getValue().statuses);
                }
                transactions++;
                parameters += added;
            }
            if (!form.isEmpty()) {
                forms.add(form(targets.get(target), form));
            }
        }
        return forms;
    }

    private static Form form(Target target, StringBuilder form) {
        return new Form(target.url(), target.host(), target.target(), form.toString().getBytes(StandardCharsets.US_ASCII));
    }
}
