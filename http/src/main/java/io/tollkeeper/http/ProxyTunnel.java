package io.tollkeeper.http;

import java.io.IOException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;

/// Asks a forward proxy for a connection to an upstream (CONNECT, RFC 9110 section 9.3.6) before anything else goes over
/// the channel; goes when it is there. One per connection, on its loop.
final class ProxyTunnel extends ChannelInboundHandlerAdapter {

    private static final int MOST_INFORMATIONAL = 8;

    /// Hears what became of it, once.
    interface Outcome {
        /// What is sent from here on reaches the upstream. The handler is gone from the pipeline.
        void open();

        void failed(Reason reason, String evidence);
    }

    private final Upstream upstream;
    private final ForwardProxy proxy;
    private final Outcome outcome;
    private final MessageParser parser;
    private final UpstreamResponse answer = new UpstreamResponse();
    private final DeadlineWheel.Deadline deadline;
    private @Nullable ByteBuf received;
    private long sentAt;
    private int informational;
    private boolean over;

    ProxyTunnel(Upstream upstream, ForwardProxy proxy, WireLimits limits, Loop loop, long patienceNanos, Outcome outcome) {
        this.upstream = upstream;
        this.proxy = proxy;
        this.outcome = outcome;
        this.parser = new MessageParser(limits, true);
        this.deadline = new DeadlineWheel.Deadline() {
            @Override
            protected void expired() {
                fail(Reason.PROXY_UNREACHABLE, "it did not answer CONNECT within " + Evidence.time(patienceNanos));
            }
        };
        loop.deadlines().set(deadline, patienceNanos);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        String authority = upstream.authority();
        String request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n"
                + (proxy.authorization() == null ? "" : "Proxy-Authorization: " + proxy.authorization() + "\r\n") + "\r\n";
        sentAt = System.nanoTime();
        context.writeAndFlush(ByteBufUtil.writeAscii(context.alloc(), request), context.voidPromise());
        context.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        ByteBuf before = received;
        if (over) {
            bytes.release();
            return;
        }
        ByteBuf all = before == null ? bytes : context.alloc().buffer().writeBytes(before).writeBytes(bytes);
        if (before != null) {
            before.release();
            bytes.release();
        }
        received = all;
        while (!over && head(context, all)) {}
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (!over) {
            context.read();
        } else {
            context.fireChannelReadComplete();
        }
    }

    /// @return whether there may be another head behind this one
    private boolean head(ChannelHandlerContext context, ByteBuf all) {
        int start = all.readerIndex();
        int length = parser.findEnd(all);
        if (length == MessageParser.INCOMPLETE) {
            return false;
        }
        answer.headers.clear();
        if (length == MessageParser.REFUSED || !parser.parseResponse(all, length, answer)) {
            fail(Reason.PROXY_REFUSED, "its answer to CONNECT is no HTTP (" + parser.evidence() + "); "
                    + Evidence.firstBytes(all, start));
            return false;
        }
        int status = answer.status();
        if (status < 200) {
            informational++;
            if (informational > MOST_INFORMATIONAL) {
                fail(Reason.PROXY_REFUSED, "it sent more than " + MOST_INFORMATIONAL + " informational answers (1xx)");
                return false;
            }
            parser.reset();
            return true;
        }
        if (status == 407) {
            String wanted = answer.headers.get(HeaderName.PROXY_AUTHENTICATE);
            fail(Reason.PROXY_AUTHENTICATION, "it answered CONNECT with 407"
                    + (proxy.authorization() == null ? ", and no user is configured" : " and did not accept user and password")
                    + (wanted == null ? "" : "; it asks for " + wanted));
        } else if (status > 299) {
            fail(Reason.PROXY_REFUSED, "it answered CONNECT with " + status
                    + (answer.reasonPhrase() == null ? "" : " " + answer.reasonPhrase()));
        } else {
            open(context, all);
        }
        return false;
    }

    private void open(ChannelHandlerContext context, ByteBuf all) {
        over = true;
        deadline.discard();
        received = null;
        outcome.open();
        if (all.isReadable()) {
            context.fireChannelRead(all);
        } else {
            all.release();
        }
        context.pipeline().remove(this);
    }

    private void fail(Reason reason, String what) {
        if (!over) {
            over = true;
            deadline.discard();
            outcome.failed(reason, what);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        fail(Reason.PROXY_UNREACHABLE, "it closed the connection " + Evidence.time(System.nanoTime() - sentAt)
                + " after CONNECT without an answer");
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!over && cause instanceof IOException) {
            fail(Reason.PROXY_UNREACHABLE, "the connection broke " + Evidence.time(System.nanoTime() - sentAt)
                    + " after CONNECT (" + cause.getMessage() + ")");
        } else {
            context.fireExceptionCaught(cause);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        deadline.discard();
        ByteBuf left = received;
        received = null;
        if (left != null) {
            left.release();
        }
    }
}
