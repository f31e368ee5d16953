package io.tollkeeper.testkit;

import java.time.Duration;
import java.util.Hashtable;
import javax.naming.NameNotFoundException;
import javax.naming.NamingException;
import javax.naming.directory.Attributes;
import javax.naming.directory.InitialDirContext;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// The JDK's own DNS client asks the questions.
class LyingDnsTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    @Test
    void addressesAreAnsweredByType() throws Exception {
        try (var dns = LyingDns.start()) {
            dns.say("api.test", Lie.addresses(MINUTE, "127.0.0.1", "127.0.0.2", "::1"));
            assertThat(ask(dns, "api.test", "A").get("A").toString()).contains("127.0.0.1", "127.0.0.2");
            assertThat(ask(dns, "API.test", "AAAA").get("AAAA").size()).isEqualTo(1);
            assertThat(dns.queries("api.test")).isEqualTo(2);
            assertThat(dns.addressQueries("api.test")).isEqualTo(1);
        }
    }

    @Test
    void aliasIsFollowedByItsTarget() throws Exception {
        try (var dns = LyingDns.start()) {
            dns.say("www.test", new Lie.Alias(MINUTE, "api.test")).say("api.test", Lie.addresses(MINUTE, "127.0.0.9"));
            assertThat(ask(dns, "www.test", "A").get("A").toString()).contains("127.0.0.9");
        }
    }

    @Test
    void errorsAndEmptyAnswersAreToldApartAndCanChange() throws Exception {
        try (var dns = LyingDns.start()) {
            assertThatThrownBy(() -> ask(dns, "api.test", "A")).isInstanceOf(NameNotFoundException.class);
            dns.say("api.test", Lie.servfail());
            assertThatThrownBy(() -> ask(dns, "api.test", "A")).hasMessageContaining("server failure");
            dns.say("api.test", new Lie.Empty());
            assertThat(ask(dns, "api.test", "A").size()).isZero();
            dns.say("api.test", new Lie.Silence());
            assertThatThrownBy(() -> ask(dns, "api.test", "A", 200)).isInstanceOf(NamingException.class);
            dns.say("api.test", Lie.addresses(MINUTE, "127.0.0.1"));
            assertThat(ask(dns, "api.test", "A").size()).isEqualTo(1);
        }
    }

    @Test
    void truncatedAnswerIsAskedForAgainOverTcp() throws Exception {
        try (var dns = LyingDns.start()) {
            dns.say("big.test", new Lie.Truncated(Lie.addresses(MINUTE, "127.0.0.1")));
            assertThat(ask(dns, "big.test", "A").get("A").toString()).contains("127.0.0.1");
            assertThat(dns.queriesOverTcp()).isEqualTo(1);
        }
    }

    @Test
    void delayedAnswerComesLateAndRotatingOnesDiffer() throws Exception {
        try (var dns = LyingDns.start()) {
            var rotating = new Lie.Rotating(MINUTE, 1, java.util.List.of("127.0.0.1", "127.0.0.2"));
            dns.say("pool.test", new Lie.Delayed(Duration.ofMillis(20), rotating));
            assertThat(ask(dns, "pool.test", "A").get("A").toString()).contains("127.0.0.1");
            assertThat(ask(dns, "pool.test", "A").get("A").toString()).contains("127.0.0.2");
        }
    }

    private static Attributes ask(LyingDns dns, String name, String type) throws NamingException {
        return ask(dns, name, type, 5_000);
    }

    // The names asked for are the test's own, and JNDI's DNS client is the only one in the JDK that speaks to a port.
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    private static Attributes ask(LyingDns dns, String name, String type, int timeoutMillis) throws NamingException {
        var environment = new Hashtable<String, String>();
        environment.put("java.naming.factory.initial", "com.sun.jndi.dns.DnsContextFactory");
        environment.put("java.naming.provider.url", "dns://127.0.0.1:" + dns.port());
        environment.put("com.sun.jndi.dns.timeout.initial", Integer.toString(timeoutMillis));
        environment.put("com.sun.jndi.dns.timeout.retries", "1");
        var context = new InitialDirContext(environment);
        try {
            return context.getAttributes(name, new String[] {type});
        } finally {
            context.close();
        }
    }
}
