package io.tollkeeper.http;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import io.netty.util.NetUtil;
import org.jspecify.annotations.Nullable;

/// Reads what a load balancer says of its client before the client's own first byte: the PROXY protocol, versions 1 and
/// 2 (haproxy.org, proxy-protocol.txt). Without a whole and valid header in time the connection is closed: otherwise
/// anybody could say what he likes. Before TLS; goes when it has read. One per connection, on its loop.
///
/// | header | then the client is |
/// |---|---|
/// | `PROXY TCP4`, `TCP6`; v2 PROXY over TCP | the source it names |
/// | `PROXY UNKNOWN`; v2 LOCAL; v2 PROXY of another family | the peer, e.g. the balancer's own health check |
/// | anything else | sent away |
final class ProxyHeader extends ChannelInboundHandlerAdapter {

    /// The source that the header named; absent if the peer itself is meant.
    static final AttributeKey<InetSocketAddress> SOURCE = AttributeKey.valueOf("tollkeeper.source");

    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final int LONGEST_TEXT = 107;
    /// Addresses take at most 216 bytes; the rest is for whatever the balancer adds.
    private static final int LONGEST_BINARY = 4096;
    private static final byte[] TEXT = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BINARY = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
    private static final int BINARY_START = BINARY.length + 4;

    private final Runnable proceed;
    private final Consumer<String> sentAway;
    private final DeadlineWheel.Deadline deadline;
    private @Nullable ByteBuf received;
    private boolean over;

    /// @param proceed  adds the handlers of what comes behind the header
    /// @param sentAway hears why a connection is closed
    ProxyHeader(Loop loop, Channel channel, Runnable proceed, Consumer<String> sentAway) {
        this.proceed = proceed;
        this.sentAway = sentAway;
        this.deadline = new DeadlineWheel.Deadline() {
            @Override
            protected void expired() {
                end(channel, "no PROXY header within 5 s");
            }
        };
        loop.deadlines().set(deadline, PATIENCE_NANOS);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        context.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (over) {
            bytes.release();
            return;
        }
        ByteBuf before = received;
        ByteBuf all = before == null ? bytes : context.alloc().buffer().writeBytes(before).writeBytes(bytes);
        if (before != null) {
            before.release();
            bytes.release();
        }
        received = all;
        boolean read;
        try {
            read = readHeader(context, all);
        } catch (BadHeader e) {
            end(context.channel(), e.getMessage() + "; " + Evidence.firstBytes(all, all.readerIndex()));
            return;
        }
        if (!read) {
            return;
        }
        over = true;
        received = null;
        deadline.discard();
        proceed.run();
        context.fireChannelActive();
        if (all.isReadable()) {
            context.fireChannelRead(all);
        } else {
            all.release();
        }
        context.pipeline().remove(this);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (over) {
            context.fireChannelReadComplete();
        } else {
            context.read();
        }
    }

    private void end(Channel channel, String why) {
        if (!over) {
            over = true;
            sentAway.accept(why);
            channel.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        end(context.channel(), "the connection broke within the PROXY header (" + cause.getMessage() + ")");
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

    // ---- the header ------------------------------------------------------------------------------------------------

    /// What was received is no header. Its message says why.
    private static final class BadHeader extends Exception {
        private static final long serialVersionUID = 1;

        BadHeader(String message) {
            super(message, null, false, false);
        }
    }

    /// @return whether it is complete; then the bytes behind it are what is left
    private static boolean readHeader(ChannelHandlerContext context, ByteBuf in) throws BadHeader {
        int start = in.readerIndex();
        int length = in.readableBytes();
        if (startsLike(in, start, length, TEXT)) {
            return length >= TEXT.length && readText(context, in);
        }
        if (startsLike(in, start, length, BINARY)) {
            return length >= BINARY_START && readBinary(context, in);
        }
        throw new BadHeader("no PROXY header came first, as this listener requires");
    }

    private static boolean startsLike(ByteBuf in, int start, int length, byte[] what) {
        for (int i = 0; i < Math.min(length, what.length); i++) {
            if (in.getByte(start + i) != what[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean readText(ChannelHandlerContext context, ByteBuf in) throws BadHeader {
        int start = in.readerIndex();
        int searched = Math.min(in.readableBytes(), LONGEST_TEXT);
        int end = in.indexOf(start, start + searched, (byte) '\n');
        if (end < 0) {
            if (searched == LONGEST_TEXT) {
                throw new BadHeader("the PROXY header has no end within " + LONGEST_TEXT + " bytes");
            }
            return false;
        }
        if (in.getByte(end - 1) != '\r') {
            throw new BadHeader("the PROXY header does not end with CR LF");
        }
        String line = in.toString(start, end - 1 - start, StandardCharsets.ISO_8859_1);
        in.readerIndex(end + 1);
        String[] words = line.split(" ", -1);
        if (words[1].equals("UNKNOWN")) {
            return true;
        }
        boolean four = words[1].equals("TCP4");
        if (words.length != 6 || !four && !words[1].equals("TCP6")) {
            in.readerIndex(start);
            throw new BadHeader("the PROXY header is not of the form PROXY TCP4 source destination port port");
        }
        InetAddress source = address(words[2], four);
        int port = port(words[4]);
        if (source == null || address(words[3], four) == null || port < 0 || port(words[5]) < 0) {
            in.readerIndex(start);
            throw new BadHeader("the PROXY header holds an address or a port that is none");
        }
        context.channel().attr(SOURCE).set(new InetSocketAddress(source, port));
        return true;
    }

    private static @Nullable InetAddress address(String text, boolean four) {
        InetAddress address = NetUtil.createInetAddressFromIpAddressString(text);
        return four == address instanceof Inet4Address ? address : null;
    }

    private static int port(String text) {
        if (text.isEmpty() || text.length() > 5) {
            return -1;
        }
        int number = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number <= 65535 ? number : -1;
    }

    private static boolean readBinary(ChannelHandlerContext context, ByteBuf in) throws BadHeader {
        int start = in.readerIndex();
        int versionAndCommand = in.getUnsignedByte(start + BINARY.length);
        int family = in.getUnsignedByte(start + BINARY.length + 1);
        int length = in.getUnsignedShort(start + BINARY.length + 2);
        int command = versionAndCommand & 0xf;
        if (versionAndCommand >> 4 != 2 || command > 1) {
            throw new BadHeader("the PROXY header's version and command are 0x" + Integer.toHexString(versionAndCommand)
                    + ", expected 0x20 or 0x21");
        }
        int addresses = family == 0x11 ? 12 : family == 0x21 ? 36 : 0;
        if (length > LONGEST_BINARY || command == 1 && length < addresses) {
            throw new BadHeader("the PROXY header's length is " + length + ", expected " + addresses + " to " + LONGEST_BINARY);
        }
        if (in.readableBytes() < BINARY_START + length) {
            return false;
        }
        if (command == 1 && addresses > 0) {
            byte[] source = new byte[addresses == 12 ? 4 : 16];
            in.getBytes(start + BINARY_START, source);
            int port = in.getUnsignedShort(start + BINARY_START + 2 * source.length);
            context.channel().attr(SOURCE).set(new InetSocketAddress(address(source), port));
        }
        in.skipBytes(BINARY_START + length);
        return true;
    }

    private static InetAddress address(byte[] bytes) throws BadHeader {
        try {
            // An IPv4 address within IPv6 becomes the IPv4 address that it is.
            return bytes.length == 16 ? InetAddress.getByAddress(bytes) : Inet4Address.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new BadHeader("the PROXY header holds an address of " + bytes.length + " bytes: " + e.getMessage());
        }
    }
}
