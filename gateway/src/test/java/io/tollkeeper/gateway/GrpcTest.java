package io.tollkeeper.gateway;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.tollkeeper.core.proxy.CredentialsLocation;
import io.tollkeeper.core.proxy.PolicySpec;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.ServerTls;
import io.tollkeeper.http.Upstream;
import io.tollkeeper.testkit.Eventually;
import io.tollkeeper.testkit.TestCertificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/// gRPC through the gateway: a real client, a real server, TLS on both sides.
class GrpcTest {

    private static final Metadata.Key<String> USER_KEY = Metadata.Key.of("user_key", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> SECRET =
            Metadata.Key.of("x-3scale-grpc-secret-token", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> DETAIL = Metadata.Key.of("x-detail", Metadata.ASCII_STRING_MARSHALLER);

    private static final MethodDescriptor<String, String> UNARY = method("Unary", MethodType.UNARY);
    private static final MethodDescriptor<String, String> COUNT = method("Count", MethodType.SERVER_STREAMING);
    private static final MethodDescriptor<String, String> JOIN = method("Join", MethodType.CLIENT_STREAMING);
    private static final MethodDescriptor<String, String> TALK = method("Talk", MethodType.BIDI_STREAMING);

    @TempDir
    Path folder;

    private final AtomicReference<Metadata> received = new AtomicReference<>();
    private final CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    private Server server;
    private RunningGateway gateway;
    private ManagedChannel channel;

    private static MethodDescriptor<String, String> method(String name, MethodType type) {
        return MethodDescriptor.<String, String>newBuilder()
                .setFullMethodName("test.Echo/" + name)
                .setType(type)
                .setRequestMarshaller(new Text())
                .setResponseMarshaller(new Text())
                .build();
    }

    private static final class Text implements MethodDescriptor.Marshaller<String> {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    // ---- the server ------------------------------------------------------------------------------------------------

    private ServerServiceDefinition service() {
        return ServerServiceDefinition.builder("test.Echo")
                .addMethod(UNARY, ServerCalls.asyncUnaryCall(this::unary))
                .addMethod(COUNT, ServerCalls.asyncServerStreamingCall(GrpcTest::count))
                .addMethod(JOIN, ServerCalls.asyncClientStreamingCall(GrpcTest::join))
                .addMethod(TALK, ServerCalls.asyncBidiStreamingCall(GrpcTest::talk))
                .build();
    }

    private void unary(String asked, StreamObserver<String> answer) {
        switch (asked) {
            case "fail" -> {
                Metadata trailers = new Metadata();
                trailers.put(DETAIL, "because");
                answer.onError(Status.FAILED_PRECONDITION.withDescription("not like this").asRuntimeException(trailers));
            }
            case "never" -> Context.current().addListener(_ -> cancelled.complete(true), Runnable::run);
            default -> {
                answer.onNext("told " + asked);
                answer.onCompleted();
            }
        }
    }

    private static void count(String to, StreamObserver<String> answer) {
        for (int i = 1; i <= Integer.parseInt(to); i++) {
            answer.onNext("message " + i);
        }
        answer.onCompleted();
    }

    private static StreamObserver<String> join(StreamObserver<String> answer) {
        StringBuilder all = new StringBuilder();
        return observer(all::append, () -> {
            answer.onNext(all.toString());
            answer.onCompleted();
        });
    }

    private static StreamObserver<String> talk(StreamObserver<String> answer) {
        return observer(said -> answer.onNext("told " + said), answer::onCompleted);
    }

    private static StreamObserver<String> observer(java.util.function.Consumer<String> next, Runnable completed) {
        return new StreamObserver<>() {
            @Override
            public void onNext(String value) {
                next.accept(value);
            }

            @Override
            public void onError(Throwable cause) {
                next.accept("error: " + Status.fromThrowable(cause).getCode());
            }

            @Override
            public void onCompleted() {
                completed.run();
            }
        };
    }

    private final class Noting implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            received.set(headers);
            return next.startCall(call, headers);
        }
    }

    // ---- the way ---------------------------------------------------------------------------------------------------

    @BeforeEach
    void start() throws IOException {
        var certificates = TestCertificates.in(folder);
        var identity = certificates.server("localhost");
        server = NettyServerBuilder.forPort(0)
                .sslContext(GrpcSslContexts.forServer(identity.certificateFile().toFile(), identity.keyFile().toFile()).build())
                .addService(service())
                .intercept(new Noting())
                .build()
                .start();
        MemoryMeter meter = new MemoryMeter();
        meter.product("api", "1", List.of("hits")).application("api", "app", "active").userKey("api", "k", "app");
        gateway = RunningGateway.over(meter)
                .upstreams(new UpstreamSettings(Upstream.Timeouts.DEFAULT, 16, new ClientTls(true, certificates.authorityFile(), null, null)))
                .products(RunningGateway.product("http://localhost:" + server.getPort(), p -> p.hosts("localhost")
                        .location(CredentialsLocation.HEADERS)
                        .secretToken("shh")
                        .policies(new PolicySpec("grpc", Map.of()), PolicySpec.APICAST)))
                .start();
        int port = gateway.listenWithTls(new ServerTls(
                List.of(new ServerTls.Certificate(List.of(), identity.certificateFile(), identity.keyFile()))));
        channel = NettyChannelBuilder.forAddress("localhost", port)
                .sslContext(GrpcSslContexts.forClient().trustManager(certificates.authorityFile().toFile()).build())
                .build();
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        gateway.close();
        server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }

    private Channel with(String userKey) {
        Metadata headers = new Metadata();
        headers.put(USER_KEY, userKey);
        return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private static CallOptions soon() {
        return CallOptions.DEFAULT.withDeadlineAfter(15, TimeUnit.SECONDS);
    }

    // ---- what passes -----------------------------------------------------------------------------------------------

    @Test
    void oneMessageIsAnsweredByOne() {
        assertThat(ClientCalls.blockingUnaryCall(with("k"), UNARY, soon(), "hello")).isEqualTo("told hello");
        assertThat(received.get().get(SECRET)).isEqualTo("shh");
        String large = "x".repeat(1_000_000);
        assertThat(ClientCalls.blockingUnaryCall(with("k"), UNARY, soon(), large)).isEqualTo("told " + large);
    }

    @Test
    void theRecordOfACallNamesItsStream() {
        var headers = new AtomicReference<Metadata>();
        Channel watched = ClientInterceptors.intercept(
                with("k"), MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()));
        for (int stream = 1; stream <= 3; stream += 2) {
            ClientCalls.blockingUnaryCall(watched, UNARY, soon(), "hello");
            String id = headers.get().get(Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER));
            assertThat(gateway.record(String.valueOf(id)).connectionStream()).isEqualTo(stream);
        }
    }

    @Test
    void manyMessagesComeForOne() {
        Iterator<String> messages = ClientCalls.blockingServerStreamingCall(with("k"), COUNT, soon(), "1000");
        List<String> all = new ArrayList<>();
        messages.forEachRemaining(all::add);
        assertThat(all).hasSize(1000).endsWith("message 1000");
    }

    @Test
    void manyMessagesAreAnsweredByOne() throws Exception {
        var answer = new CompletableFuture<String>();
        StreamObserver<String> to = ClientCalls.asyncClientStreamingCall(
                with("k").newCall(JOIN, soon()), observer(answer::complete, () -> {}));
        for (int i = 0; i < 1000; i++) {
            to.onNext("abcde");
        }
        to.onCompleted();
        assertThat(answer.get(15, TimeUnit.SECONDS)).hasSize(5000);
    }

    @Test
    void messagesFlowBothWaysAtATime() throws Exception {
        var answers = new LinkedBlockingQueue<String>();
        StreamObserver<String> to = ClientCalls.asyncBidiStreamingCall(
                with("k").newCall(TALK, soon()), observer(answers::add, () -> answers.add("end")));
        for (int i = 0; i < 10; i++) {
            // the next is said when the last was answered
            to.onNext("m" + i);
            assertThat(answers.poll(15, TimeUnit.SECONDS)).isEqualTo("told m" + i);
        }
        to.onCompleted();
        assertThat(answers.poll(15, TimeUnit.SECONDS)).isEqualTo("end");
    }

    // ---- what fails ------------------------------------------------------------------------------------------------

    @Test
    void aStatusOfTheServerArrivesWithItsTrailers() {
        var failure = catchThrowableOfType(
                StatusRuntimeException.class, () -> ClientCalls.blockingUnaryCall(with("k"), UNARY, soon(), "fail"));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(failure.getStatus().getDescription()).isEqualTo("not like this");
        assertThat(failure.getTrailers()).isNotNull().satisfies(trailers -> assertThat(trailers.get(DETAIL)).isEqualTo("because"));
    }

    @Test
    void anUnknownMethodIsTheServersToRefuse() {
        var failure = catchThrowableOfType(StatusRuntimeException.class,
                () -> ClientCalls.blockingUnaryCall(with("k"), method("Nothing", MethodType.UNARY), soon(), "x"));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
    }

    @Test
    void aDeadlineEndsTheCallOnTheServerToo() throws Exception {
        var failure = catchThrowableOfType(StatusRuntimeException.class, () -> ClientCalls.blockingUnaryCall(
                with("k"), UNARY, CallOptions.DEFAULT.withDeadlineAfter(1, TimeUnit.SECONDS), "never"));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(cancelled.get(15, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void refusalsAreToldInTheWordsOfGrpc() {
        var wrongKey = catchThrowableOfType(
                StatusRuntimeException.class, () -> ClientCalls.blockingUnaryCall(with("wrong"), UNARY, soon(), "x"));
        assertThat(wrongKey.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(wrongKey.getStatus().getDescription()).isEqualTo("Authentication failed");
        var noKey = catchThrowableOfType(
                StatusRuntimeException.class, () -> ClientCalls.blockingUnaryCall(channel, UNARY, soon(), "x"));
        assertThat(noKey.getStatus().getDescription()).isEqualTo("Authentication parameters missing");
    }

    @Test
    void anUpstreamThatIsAwayIsUnavailable() {
        assertThat(ClientCalls.blockingUnaryCall(with("k"), UNARY, soon(), "hello")).isEqualTo("told hello");
        server.shutdownNow();
        Eventually.holds("the server is gone", server::isTerminated);
        var failure = catchThrowableOfType(
                StatusRuntimeException.class, () -> ClientCalls.blockingUnaryCall(with("k"), UNARY, soon(), "x"));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    }
}
