package io.tollkeeper.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.testkit.RawClient;
import org.jspecify.annotations.Nullable;

/// A server for tests that tells what it received: `METHOD target host [body]`. The path decides how it answers.
///
/// | path | answer |
/// |---|---|
/// | `/later` | after 50 ms, from a timer |
/// | `/unread` | 403 without touching the body |
/// | `/echo` | streams the request body back, chunked or counted as it came |
/// | `/big/N` | N bytes |
/// | `/who` | the client's address |
/// | `/certificates` | subjects of the client's certificates |
/// | `/never` | nothing |
/// | `/throw` | the handler throws |
/// | other | collects the body, tells what it saw |
final class TellingServer implements AutoCloseable {

    final Engine engine;
    final Listener listener;
    final List<String> endings = new CopyOnWriteArrayList<>();
    final List<String> requests = new CopyOnWriteArrayList<>();

    TellingServer(Transport transport) throws IOException {
        this(transport, WireLimits.DEFAULT, ListenerSettings.Timeouts.DEFAULT, null);
    }

    TellingServer(
            @Nullable Transport transport, WireLimits limits, ListenerSettings.Timeouts timeouts, @Nullable ServerTls tls)
            throws IOException {
        this(transport, limits, timeouts, tls, null);
    }

    TellingServer(
            @Nullable Transport transport,
            WireLimits limits,
            ListenerSettings.Timeouts timeouts,
            @Nullable ServerTls tls,
            @Nullable Http2Limits http2)
            throws IOException {
        this(transport, new ListenerSettings("test", anyPort(), tls, limits, timeouts, http2));
    }

    TellingServer(@Nullable Transport transport, ListenerSettings settings) throws IOException {
        engine = Engine.start(new EngineSettings(transport, 2, EngineSettings.Dns.DEFAULT));
        listener = engine.listen(settings, Handler::new);
    }

    static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    int port() {
        return listener.address().getPort();
    }

    RawClient client() throws IOException {
        return RawClient.connect(port());
    }

    @Override
    public void close() {
        listener.close();
        engine.close();
    }

    private final class Handler implements ExchangeHandler {

        private final Loop loop;

        Handler(Loop loop) {
            this.loop = loop;
        }

        @Override
        public void requested(Request request, Response response) {
            requests.add(request.method() + " " + request.target());
            String path = request.path();
            if (path.equals("/who")) {
                response.send(request.peer().remote().toString().getBytes(StandardCharsets.US_ASCII));
            } else if (path.equals("/certificates")) {
                response.send(chainOf(request).getBytes(StandardCharsets.UTF_8));
            } else if (path.equals("/later")) {
                loop.eventLoop().schedule(() -> tell(request, response, new byte[0]), 50, TimeUnit.MILLISECONDS);
            } else if (path.equals("/unread")) {
                response.status(403).send("refused".getBytes(StandardCharsets.US_ASCII));
            } else if (path.equals("/echo")) {
                request.body().pipeTo(response.stream(request.body().length()));
            } else if (path.startsWith("/big/")) {
                response.send(new byte[Integer.parseInt(path.substring(5))]);
            } else if (path.equals("/throw")) {
                throw new IllegalStateException("thrown on purpose by a test");
            } else if (!path.equals("/never")) {
                request.body().collect(1 << 20, new Body.Collected() {
                    @Override
                    public void collected(byte[] bytes) {
                        tell(request, response, bytes);
                    }

                    @Override
                    public void tooLarge(long atLeast) {
                        response.status(413).send();
                    }

                    @Override
                    public void failed(Reason reason, String evidence) {
                        refuse(response, reason, evidence);
                    }
                });
            }
        }

        private static String chainOf(Request request) {
            List<String> names = new ArrayList<>();
            Request.Tls tls = request.peer().tls();
            for (byte[] der : tls == null ? List.<byte[]>of() : tls.clientChain()) {
                try {
                    var certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(der));
                    names.add(certificate.getSubjectX500Principal().getName());
                } catch (CertificateException e) {
                    throw new IllegalStateException(e);
                }
            }
            return names.toString();
        }

        private void tell(Request request, Response response, byte[] body) {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < request.headers().size(); i++) {
                names.add(request.headers().name(i) + "=" + request.headers().value(i));
            }
            String text = request.method() + " " + request.target() + " host=" + request.host() + " headers=" + names + " body="
                    + new String(body, StandardCharsets.ISO_8859_1);
            response.headers().add("Content-Type", "text/plain");
            response.send(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        @Override
        public void refused(Request request, Response response, Reason reason, String evidence) {
            refuse(response, reason, evidence);
        }

        private void refuse(Response response, Reason reason, String evidence) {
            response.status(reason.status());
            response.headers().add("Reason", reason.code());
            response.send(evidence.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void ended(Request request, Response response, Ending ending) {
            endings.add(request.path() + " " + ending);
        }
    }
}
