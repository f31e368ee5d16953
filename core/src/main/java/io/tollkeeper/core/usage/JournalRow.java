package io.tollkeeper.core.usage;

import java.util.List;

import io.tollkeeper.core.event.Notice;
import org.jspecify.annotations.Nullable;

/// One element of the journal's queue: what one call counted, in the binary form that goes to disk, or a mark. Made
/// inside an application's lock, read by the journal's writer; its sequence is set by the journal when it is queued.
///
/// | kind | waiter | on disk |
/// |---|---|---|
/// | [Kind#CALL] | the call's | a row of its own, under its sequence |
/// | [Kind#MERGEABLE] | none | the writer may sum those of a commit group per product, application, key and minute of the stamp, under the highest sequence among them |
/// | [Kind#MARK] | optional | nothing: a barrier. With an application's number it also says "a snapshot of this application was copied here": rows of that application are not merged across it |
public final class JournalRow {

    public enum Kind {
        CALL,
        MERGEABLE,
        MARK
    }

    private static final byte[] NONE = new byte[0];

    private final Kind kind;
    private final byte[] body;
    private final long markedApplication;
    private final @Nullable CommitWaiter waiter;
    private final List<Notice> notices;
    private long seq = -1;

    private JournalRow(
            Kind kind, byte[] body, long markedApplication, @Nullable CommitWaiter waiter, List<Notice> notices) {
        this.kind = kind;
        this.body = body;
        this.markedApplication = markedApplication;
        this.waiter = waiter;
        this.notices = notices;
    }

    /// A row that is acknowledged: committed as it is.
    public static JournalRow call(byte[] body, CommitWaiter waiter) {
        return call(body, waiter, List.of());
    }

    /// The same, with the events that the call caused; the list is not to be changed.
    public static JournalRow call(byte[] body, CommitWaiter waiter, List<Notice> notices) {
        return new JournalRow(Kind.CALL, body, -1, waiter, notices);
    }

    /// A row of an in-process call that nobody waits for.
    public static JournalRow mergeable(byte[] body) {
        return mergeable(body, List.of());
    }

    /// The same, with the events that the call caused; the list is not to be changed.
    public static JournalRow mergeable(byte[] body, List<Notice> notices) {
        return new JournalRow(Kind.MERGEABLE, body, -1, null, notices);
    }

    /// A barrier: `waiter` hears when everything queued before is durable.
    public static JournalRow barrier(CommitWaiter waiter) {
        return new JournalRow(Kind.MARK, NONE, -1, waiter, List.of());
    }

    /// The place in the queue at which a snapshot of an application was copied.
    public static JournalRow copied(long application) {
        return new JournalRow(Kind.MARK, NONE, application, null, List.of());
    }

    public Kind kind() {
        return kind;
    }

    /// The binary form, see [JournalBody]; empty for a mark. Not to be changed.
    public byte[] body() {
        return body;
    }

    /// For a mark: the application whose snapshot was copied here; −1 if none.
    public long markedApplication() {
        return markedApplication;
    }

    public @Nullable CommitWaiter waiter() {
        return waiter;
    }

    /// Events that the row caused; they commit with it. They belong to this row, not to what its body is merged into.
    public List<Notice> notices() {
        return notices;
    }

    /// Place in the journal; −1 before it was queued.
    public long seq() {
        return seq;
    }

    /// Set once, by the journal, inside [UsageJournal#append].
    public void seq(long assigned) {
        this.seq = assigned;
    }
}
