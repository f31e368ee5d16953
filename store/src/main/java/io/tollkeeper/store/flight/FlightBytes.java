package io.tollkeeper.store.flight;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import org.jspecify.annotations.Nullable;

/// The binary form of a kept flight record: a version, then all fields in the order below. Names and codes are written
/// as text, so that neither their order nor their number matters. Pure functions.
///
/// A record of another version cannot be read and is passed over: records live for days, not for years.
final class FlightBytes {

    private static final int VERSION = 5;
    private static final int LONGEST_TEXT = 1 << 20;
    private static final Map<String, Reason> REASONS = new HashMap<>();
    private static final Map<String, Stage> STAGES = new HashMap<>();

    static {
        for (Reason reason : Reason.values()) {
            REASONS.put(reason.code(), reason);
        }
        for (Stage stage : Stage.values()) {
            STAGES.put(stage.name(), stage);
        }
    }

    private FlightBytes() {}

    static byte[] of(FlightRecord record) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            write(record, out);
        } catch (IOException e) {
            throw new IllegalStateException("an array cannot fail to be written", e);
        }
        return bytes.toByteArray();
    }

    /// The record, or none if the bytes are of another version or damaged.
    static @Nullable FlightRecord read(long high, long low, byte[] bytes) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readByte() != VERSION) {
                return null;
            }
            FlightRecord record = new FlightRecord();
            record.id(high, low);
            read(record, in);
            return record;
        } catch (IOException | IllegalArgumentException e) {
            return null;
        }
    }

    private static void write(FlightRecord record, DataOutputStream out) throws IOException {
        text(out, record.kind().name());
        text(out, record.alias());
        out.writeLong(record.receivedMillis());
        out.writeLong(record.receivedNanos());
        text(out, record.method());
        text(out, record.target());
        text(out, record.host());
        text(out, record.protocol());
        text(out, record.clientAddress());
        text(out, record.normalPath());

        text(out, record.productId());
        out.writeLong(record.configVersion());
        out.writeLong(record.applicationNumber());
        text(out, record.applicationId());
        text(out, record.credentialName());
        text(out, record.credential());

        text(out, record.decision().name());
        text(out, record.decidedBy().name());
        text(out, record.meterHost());
        out.writeInt(record.meterStatus());
        text(out, record.limitMetric());
        Period period = record.limitPeriod();
        text(out, period == null ? null : period.wireName());
        out.writeLong(record.limitMax());
        out.writeLong(record.limitValue());
        out.writeLong(record.limitAsked());
        out.writeLong(record.limitEnds());

        text(out, record.upstreamHost());
        text(out, record.upstreamAddress());
        out.writeLong(record.connectionId());
        out.writeInt(record.connectionStream());
        out.writeBoolean(record.connectionReused());
        out.writeLong(record.connectionAgeMillis());
        out.writeLong(record.connectionIdleMillis());
        out.writeLong(record.upstreamCloseMillis());
        out.writeLong(record.poolIdleMillis());
        out.writeLong(record.upstreamBytesSent());
        out.writeLong(record.upstreamBytesReceived());
        out.writeLong(record.upstreamBytesExpected());
        out.writeBoolean(record.requestSent());
        out.writeInt(record.retries());
        text(out, record.serverName());

        out.writeInt(record.statusSent());
        out.writeInt(record.statusReceived());
        text(out, record.statusWriter().name());
        out.writeLong(record.bytesIn());
        out.writeLong(record.bytesOut());

        Reason reason = record.reason();
        text(out, reason == null ? null : reason.code());
        text(out, record.evidence());
        List<Reason> contributing = record.contributing();
        out.writeInt(contributing.size());
        for (Reason other : contributing) {
            text(out, other.code());
        }
        out.writeInt(record.rules());
        for (int i = 0; i < Math.min(record.rules(), FlightRecord.LISTED); i++) {
            out.writeInt(record.ruleIndex(i));
        }
        out.writeInt(record.metrics());
        for (int i = 0; i < Math.min(record.metrics(), FlightRecord.LISTED); i++) {
            text(out, record.metricName(i));
            out.writeLong(record.metricAmount(i));
        }
        out.writeInt(record.namedMetrics());
        out.writeLong(record.journalSequence());
        out.writeInt(record.notes());
        for (int i = 0; i < Math.min(record.notes(), FlightRecord.LISTED); i++) {
            text(out, record.noteText(i));
        }
        for (Stage stage : STAGES.values()) {
            if (record.reached(stage)) {
                text(out, stage.name());
                out.writeLong(record.stamp(stage));
            }
        }
        text(out, null);
    }

    private static void read(FlightRecord record, DataInputStream in) throws IOException {
        record.kind(FlightRecord.RequestKind.valueOf(given(in)));
        record.alias(text(in));
        record.receivedMillis(in.readLong());
        record.receivedNanos(in.readLong());
        record.method(text(in));
        record.target(text(in));
        record.host(text(in));
        record.protocol(text(in));
        record.clientAddress(text(in));
        record.normalPath(text(in));

        record.productId(text(in));
        record.configVersion(in.readLong());
        record.applicationNumber(in.readLong());
        record.applicationId(text(in));
        record.credentialName(text(in));
        record.credential(text(in));

        record.decision(FlightRecord.Outcome.valueOf(given(in)));
        record.decidedBy(FlightRecord.DecidedBy.valueOf(given(in)));
        record.meterHost(text(in));
        record.meterStatus(in.readInt());
        record.limitMetric(text(in));
        String period = text(in);
        record.limitPeriod(period == null ? null : Period.ofWireName(period));
        record.limitMax(in.readLong());
        record.limitValue(in.readLong());
        record.limitAsked(in.readLong());
        record.limitEnds(in.readLong());

        record.upstreamHost(text(in));
        record.upstreamAddress(text(in));
        record.connectionId(in.readLong());
        record.connectionStream(in.readInt());
        record.connectionReused(in.readBoolean());
        record.connectionAgeMillis(in.readLong());
        record.connectionIdleMillis(in.readLong());
        record.upstreamCloseMillis(in.readLong());
        record.poolIdleMillis(in.readLong());
        record.upstreamBytesSent(in.readLong());
        record.upstreamBytesReceived(in.readLong());
        record.upstreamBytesExpected(in.readLong());
        record.requestSent(in.readBoolean());
        record.retries(in.readInt());
        record.serverName(text(in));

        record.statusSent(in.readInt());
        record.statusReceived(in.readInt());
        record.statusWriter(StatusWriter.valueOf(given(in)));
        record.bytesIn(in.readLong());
        record.bytesOut(in.readLong());

        String reason = text(in);
        record.reason(reason == null ? null : REASONS.get(reason));
        record.evidence(text(in));
        for (int left = in.readInt(); left > 0; left--) {
            Reason other = REASONS.get(given(in));
            if (other != null) {
                record.contribute(other);
            }
        }
        int rules = in.readInt();
        for (int i = 0; i < rules; i++) {
            record.rule(i < FlightRecord.LISTED ? in.readInt() : 0);
        }
        int metrics = in.readInt();
        for (int i = 0; i < metrics; i++) {
            if (i < FlightRecord.LISTED) {
                record.usage(given(in), in.readLong());
            } else {
                record.usage("", 0);
            }
        }
        record.namedMetrics(in.readInt());
        record.journalSequence(in.readLong());
        int notes = in.readInt();
        for (int i = 0; i < notes; i++) {
            record.note(i < FlightRecord.LISTED ? given(in) : "");
        }
        for (String name = text(in); name != null; name = text(in)) {
            long stamp = in.readLong();
            Stage stage = STAGES.get(name);
            if (stage != null) {
                record.stamp(stage, stamp);
            }
        }
    }

    private static void text(DataOutputStream out, @Nullable String text) throws IOException {
        if (text == null) {
            out.writeInt(-1);
            return;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static @Nullable String text(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0) {
            return null;
        }
        if (length > LONGEST_TEXT) {
            throw new IOException("text of " + length + " bytes (expected: at most " + LONGEST_TEXT + ")");
        }
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    private static String given(DataInputStream in) throws IOException {
        String text = text(in);
        if (text == null) {
            throw new IOException("no text where one was expected");
        }
        return text;
    }
}
