package io.tollkeeper.http;

import io.netty.buffer.ByteBuf;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// One stream of an HTTP/2 connection, what is the same on both of its sides: the body that is received, with its window
/// and trailers, and the window of what is sent ([Http2Sender]). On its loop; never blocks.
///
/// Reused for other streams, but only if both sides ended well: after any other ending somebody may still hold on to its
/// parts, so that it is left to the garbage collector.
abstract class Http2Stream implements WireBody.Source {

    /// What the other side may send of a body before somebody takes it.
    static final int WINDOW = 256 * 1024;

    private final DeadlineWheel deadlines;
    final WireBody body = new WireBody(this);
    final Headers trailers = new Headers();
    final Http2Sender sender = new Http2Sender(this);

    private @Nullable Http2Wire<?> wire;
    private int id;
    /// Somebody here is interested in what becomes of it.
    private boolean active;
    /// The other side has sent its whole message.
    private boolean remoteEnded;
    /// Nobody wants the rest of that message.
    private boolean abandoned;

    // receiving
    private long declared;
    private long counted;
    private int receiveWindow;
    private int credit;
    private @Nullable ByteBuf untaken;
    private boolean endUntaken;
    private boolean hasTrailers;
    private boolean delivering;

    // sending
    private int sendWindow;
    private long sent;
    private long sentAtWatch;
    /// It stands in the connection's line of those that may go on as soon as the connection may send.
    boolean inLine;
    /// Something waits until the other side takes more.
    private boolean stalled;

    private final DeadlineWheel.Deadline sendDeadline = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            checkTaken();
        }
    };

    Http2Stream(DeadlineWheel deadlines) {
        this.deadlines = deadlines;
    }

    // ---- what the sides do in their own ways -----------------------------------------------------------------------

    /// The other side breaks the rules of HTTP/2 on this stream.
    abstract void mistaken(Http2.Code code, String evidence);

    /// The body that is received is longer or shorter than it was declared.
    abstract void lengthDiffers(String evidence);

    /// Whether a body may have so many bytes; what is to be done about it otherwise was done.
    boolean admits(long bytes) {
        return true;
    }

    /// So many bytes of the message came.
    void received(int bytes) {}

    /// The message is complete, and somebody had all of its body.
    abstract void messageRead(@Nullable Headers fields);

    /// Somebody waits for bytes of the body.
    abstract void bodyWanted();

    /// Bytes of the body were taken.
    abstract void bodyProgress();

    /// The body is complete, or nobody waits for it any more.
    abstract void bodyOver();

    /// Bytes of a body of ours are handed over.
    abstract void counted(int bytes);

    /// Our message cannot be completed as it was declared.
    abstract void cannotSend(String how);

    /// The source of our message broke.
    abstract void sourceFailed(Reason reason, String evidence);

    /// The last byte of our message was written.
    abstract void allSent();

    /// How long the other side may take nothing of what waits for it.
    abstract long sendPatienceNanos();

    /// Whether so many bytes taken within that time are enough.
    abstract boolean isEnough(long bytes);

    /// They are not.
    abstract void takesTooLittle(long bytes);

    // ---- begin and end ---------------------------------------------------------------------------------------------

    /// @param ended whether the other side's message is complete already
    final void begin(Http2Wire<?> newWire, int newId, boolean ended) {
        wire = newWire;
        id = newId;
        active = true;
        remoteEnded = ended;
        abandoned = false;
        declared = -1;
        counted = 0;
        receiveWindow = WINDOW;
        credit = 0;
        endUntaken = false;
        hasTrailers = false;
        sendWindow = newWire.initialSendWindow();
        sent = 0;
        stalled = false;
    }

    /// A body is to come.
    ///
    /// @param length as declared, negative if it was not
    final void expect(long length) {
        declared = length;
        body.begin(length);
    }

    /// Nobody here is interested any more.
    final void deactivate() {
        active = false;
        bodyOver();
        sendDeadline.clear();
        freeUntaken();
    }

    /// Not to be used again.
    final void discardDeadlines() {
        sendDeadline.discard();
    }

    /// Ready for another stream.
    void rest() {
        wire = null;
    }

    final int id() {
        return id;
    }

    final Http2Wire<?> wire() {
        Http2Wire<?> w = wire;
        if (w == null) {
            throw new IllegalStateException("a stream used outside of its connection");
        }
        return w;
    }

    final boolean isActive() {
        return active;
    }

    final boolean isRemoteEnded() {
        return remoteEnded;
    }

    final void remoteEnded() {
        remoteEnded = true;
    }

    final boolean isAbandoned() {
        return abandoned;
    }

    // ---- receiving -------------------------------------------------------------------------------------------------

    /// A piece of the body came, `flow` bytes with its padding.
    ///
    /// @return false if that is more than was allowed
    final boolean data(ByteBuf bytes, int flow, boolean end) {
        received(flow);
        receiveWindow -= flow;
        if (receiveWindow < 0) {
            bytes.release();
            return false;
        }
        Http2Wire<?> w = wire();
        int n = bytes.readableBytes();
        w.taken(flow - n);
        credit += flow - n;
        counted += n;
        remoteEnded = end;
        if (abandoned) {
            w.taken(n);
            bytes.release();
        } else if (declared >= 0 && (counted > declared || end && counted < declared)) {
            w.taken(n);
            bytes.release();
            lengthDiffers("content-length: " + declared + ", but " + counted + " bytes" + (end ? " in all" : " so far"));
        } else if (!admits(counted)) {
            w.taken(n);
            bytes.release();
        } else {
            take(w, bytes, n);
            if (end && active && !abandoned) {
                ended(false);
            }
        }
        return true;
    }

    private void take(Http2Wire<?> w, ByteBuf bytes, int n) {
        if (n == 0) {
            bytes.release();
            return;
        }
        if (untaken == null && body.wants()) {
            took(n);
            w.touched(this);
            body.receive(bytes);
            if (active && !abandoned) {
                bodyProgress();
            }
        } else {
            keep(bytes);
        }
    }

    /// Nobody takes it yet. Copied: a piece may be small and the buffer that it lies in large.
    private void keep(ByteBuf bytes) {
        ByteBuf kept = untaken;
        if (kept == null) {
            kept = wire().allocate(Math.max(256, bytes.readableBytes()));
            untaken = kept;
        }
        kept.writeBytes(bytes);
        bytes.release();
    }

    /// Bytes of the body that came.
    final long counted() {
        return counted;
    }

    /// Trailers came, and with them the end.
    final void trailersRead() {
        remoteEnded = true;
        if (abandoned) {
            return;
        }
        if (declared >= 0 && counted < declared) {
            lengthDiffers("content-length: " + declared + ", but " + counted + " bytes in all");
        } else {
            ended(trailers.size() > 0);
        }
    }

    private void ended(boolean withTrailers) {
        hasTrailers = withTrailers;
        if (untaken != null) {
            endUntaken = true;
        } else {
            complete();
        }
    }

    private void complete() {
        bodyOver();
        messageRead(hasTrailers ? trailers : null);
    }

    /// Bytes were taken over by somebody: the other side may send as many more.
    private void took(int n) {
        wire().taken(n);
        credit += n;
        if (credit >= WINDOW / 2 && !remoteEnded) {
            receiveWindow += credit;
            wire().windowUpdate(id, credit);
            credit = 0;
        }
    }

    @Override
    public void wanted() {
        if (!active || delivering) {
            return;
        }
        if (!remoteEnded) {
            bodyWanted();
        }
        Http2Wire<?> w = wire();
        delivering = true;
        ByteBuf kept;
        while (active && (kept = untaken) != null && body.wants()) {
            untaken = null;
            took(kept.readableBytes());
            body.receive(kept);
        }
        delivering = false;
        if (w.isInRead()) {
            w.touched(this);
        } else {
            body.flush();
        }
        if (active && endUntaken && untaken == null) {
            endUntaken = false;
            complete();
        }
    }

    /// The read in which pieces came is over.
    final void flushBody() {
        if (active) {
            body.flush();
        }
    }

    /// What still comes is dropped; until the stream ends the other side's window stays as it is.
    final void abandon() {
        abandoned = true;
        endUntaken = false;
        bodyOver();
        freeUntaken();
    }

    private void freeUntaken() {
        ByteBuf kept = untaken;
        untaken = null;
        if (kept != null) {
            wire().taken(kept.readableBytes());
            kept.release();
        }
    }

    // ---- sending ---------------------------------------------------------------------------------------------------

    final int sendWindow() {
        return sendWindow;
    }

    /// Whether something of our message waits until the other side takes more.
    final boolean isStalled() {
        return stalled;
    }

    /// Widens or narrows the window of our message.
    ///
    /// @return false if it would be too wide
    final boolean widen(long by) {
        long wider = sendWindow + by;
        if (wider > Integer.MAX_VALUE) {
            return false;
        }
        sendWindow = (int) wider;
        return true;
    }

    final void sent(int n) {
        sendWindow -= n;
        sent += n;
    }

    /// Our message, or its source, waits until the other side takes more.
    final void watch() {
        stalled = true;
        if (!sendDeadline.isSet()) {
            sentAtWatch = sent;
            deadlines.set(sendDeadline, sendPatienceNanos());
        }
    }

    private void checkTaken() {
        if (!active || !stalled) {
            return;
        }
        long taken = sent - sentAtWatch;
        if (isEnough(taken)) {
            watch();
        } else {
            takesTooLittle(taken);
        }
    }

    /// Frames may leave again.
    final void resume(int frames) {
        stalled = false;
        sender.pump(frames);
        if (active) {
            sender.demand();
        }
        if (!stalled) {
            sendDeadline.clear();
        }
    }
}
