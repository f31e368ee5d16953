package io.tollkeeper.bench.meter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/// What was acknowledged per application, and what was called without anybody knowing whether it was counted. One
/// thread; kept in a file from one run of [Load] to the next.
final class Account {

    private final int[] acknowledged;
    private final int[] unknown;

    private Account(int applications) {
        acknowledged = new int[applications];
        unknown = new int[applications];
    }

    /// The account in a file, or an empty one if there is none.
    static Account read(Path file, int applications) throws IOException {
        Account account = new Account(applications);
        if (Files.exists(file)) {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
            if (bytes.remaining() != applications * 2 * Integer.BYTES) {
                throw new IOException(file + " is not the account of " + applications + " applications");
            }
            for (int i = 0; i < applications; i++) {
                account.acknowledged[i] = bytes.getInt();
                account.unknown[i] = bytes.getInt();
            }
        }
        return account;
    }

    void write(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(acknowledged.length * 2 * Integer.BYTES);
        for (int i = 0; i < acknowledged.length; i++) {
            bytes.putInt(acknowledged[i]).putInt(unknown[i]);
        }
        Files.write(file, bytes.array());
    }

    int applications() {
        return acknowledged.length;
    }

    void acknowledged(int application) {
        acknowledged[application]++;
    }

    void unknown(int application) {
        unknown[application]++;
    }

    /// Compares a counter, then takes it as the truth. Negative: so many are lost; positive: so many too many.
    long settle(int application, long counted) {
        long lowest = acknowledged[application];
        long highest = lowest + unknown[application];
        acknowledged[application] = Math.toIntExact(counted);
        unknown[application] = 0;
        return counted < lowest ? counted - lowest : Math.max(0, counted - highest);
    }

    long allAcknowledged() {
        long sum = 0;
        for (int one : acknowledged) {
            sum += one;
        }
        return sum;
    }

    long allUnknown() {
        long sum = 0;
        for (int one : unknown) {
            sum += one;
        }
        return sum;
    }
}
