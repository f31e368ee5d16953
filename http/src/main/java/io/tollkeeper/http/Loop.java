package io.tollkeeper.http;

import java.util.concurrent.Executor;

import io.netty.channel.EventLoop;

/// One event loop: a thread that serves many connections. Whatever belongs to a connection runs here and nowhere else.
public final class Loop implements Executor {

    private final EventLoop eventLoop;
    private final int index;
    private final DeadlineWheel wheel;
    private final HttpDate date = new HttpDate();

    Loop(EventLoop eventLoop, int index) {
        this.eventLoop = eventLoop;
        this.index = index;
        this.wheel = new DeadlineWheel();
    }

    /// Number of this loop within its engine, from 0.
    public int index() {
        return index;
    }

    /// Runs `task` on this loop, later even if the caller is on it. Any thread.
    @Override
    public void execute(Runnable task) {
        eventLoop.execute(task);
    }

    /// Whether the calling thread is this loop's.
    public boolean isCurrent() {
        return eventLoop.inEventLoop();
    }

    /// Deadlines of this loop, in ticks of 100 ms. On the loop only.
    public DeadlineWheel deadlines() {
        return wheel;
    }

    EventLoop eventLoop() {
        return eventLoop;
    }

    HttpDate date() {
        return date;
    }
}
