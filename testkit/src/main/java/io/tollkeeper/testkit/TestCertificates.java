package io.tollkeeper.testkit;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PKCS8Generator;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8EncryptorBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.jspecify.annotations.Nullable;

/// Makes certificates, good and bad, in a folder of the test: PEM files, key stores and ready TLS contexts. Blocks.
///
/// ```java
/// var certificates = TestCertificates.in(temporaryFolder);
/// try (var upstream = RudePeer.startTls(certificates.expired("localhost").context(), Manner.citizen())) { … }
/// ```
///
/// Contexts of identities trust the good authority only (for client certificates). Keys are P-256.
public final class TestCertificates {

    public static final String PASSWORD = "testkit";

    private static final AtomicInteger SERIAL = new AtomicInteger(1);

    private final Path folder;
    private final Authority good;
    private final Authority unknown;

    private TestCertificates(Path folder, Authority good, Authority unknown) {
        this.folder = folder;
        this.good = good;
        this.unknown = unknown;
    }

    /// Makes two authorities; the good one's certificate is in [#authorityFile()].
    public static TestCertificates in(Path folder) {
        var certificates =
                new TestCertificates(folder, authority("Tollkeeper test CA"), authority("Somebody else's CA"));
        write(certificates.authorityFile(), pem(certificates.good.certificate));
        return certificates;
    }

    /// PEM file with the certificate of the good authority: what a client is to trust.
    public Path authorityFile() {
        return folder.resolve("ca.pem");
    }

    public X509Certificate authority() {
        return good.certificate;
    }

    /// A server certificate for these DNS names and address literals.
    public Identity server(String... names) {
        return identity(good, "server", KeyPurposeId.id_kp_serverAuth, 0, 30, names);
    }

    /// As [#server], expired since yesterday.
    public Identity expired(String... names) {
        return identity(good, "expired", KeyPurposeId.id_kp_serverAuth, -30, -1, names);
    }

    /// As [#server], valid from tomorrow on.
    public Identity notYetValid(String... names) {
        return identity(good, "not-yet-valid", KeyPurposeId.id_kp_serverAuth, 1, 30, names);
    }

    /// As [#server], for names that are none of those asked for.
    public Identity wrongName() {
        return identity(good, "wrong-name", KeyPurposeId.id_kp_serverAuth, 0, 30, "somebody-else.test");
    }

    /// As [#server], from an authority that nobody trusts.
    public Identity unknownAuthority(String... names) {
        return identity(unknown, "unknown-authority", KeyPurposeId.id_kp_serverAuth, 0, 30, names);
    }

    /// A client certificate with that common name.
    public Identity client(String commonName) {
        return identity(good, "client", KeyPurposeId.id_kp_clientAuth, 0, 30, commonName);
    }

    /// A client certificate from an authority that nobody trusts.
    public Identity unknownClient(String commonName) {
        return identity(unknown, "unknown-client", KeyPurposeId.id_kp_clientAuth, 0, 30, commonName);
    }

    /// For a client that trusts the good authority and has no certificate of its own.
    public SSLContext clientContext() {
        return context(null, trust(good.certificate));
    }

    /// For a client that trusts anybody: to see what a server presents.
    public static SSLContext trustingClientContext() {
        return context(null, new TrustManager[] {new TrustsAnybody()});
    }

    private Identity identity(
            Authority issuer, String kind, KeyPurposeId purpose, int fromDays, int toDays, String... names) {
        try {
            var keys = keys();
            var builder = builder(issuer.name, new X500Name("CN=" + names[0]), keys, fromDays, toDays)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                    .addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose))
                    .addExtension(Extension.subjectAlternativeName, false, alternatives(names));
            var certificate = sign(builder, issuer.keys.getPrivate());
            var chain = List.of(certificate, issuer.certificate);
            var base = kind + "-" + SERIAL.get();
            var certificateFile = folder.resolve(base + ".pem");
            var keyFile = folder.resolve(base + ".key");
            write(certificateFile, pem(certificate) + pem(issuer.certificate));
            write(keyFile, pem(new JcaPKCS8Generator(keys.getPrivate(), null)));
            return new Identity(certificateFile, keyFile, keys.getPrivate(), chain, good.certificate);
        } catch (IOException | GeneralSecurityException | OperatorCreationException failure) {
            throw new IllegalStateException("cannot make a certificate for " + String.join(", ", names), failure);
        }
    }

    private static Authority authority(String commonName) {
        try {
            var keys = keys();
            var name = new X500Name("CN=" + commonName);
            var builder = builder(name, name, keys, -1, 60)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            return new Authority(name, keys, sign(builder, keys.getPrivate()));
        } catch (IOException | GeneralSecurityException | OperatorCreationException failure) {
            throw new IllegalStateException("cannot make the authority " + commonName, failure);
        }
    }

    private static KeyPair keys() throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static JcaX509v3CertificateBuilder builder(
            X500Name issuer, X500Name subject, KeyPair keys, int fromDays, int toDays) {
        var now = Instant.now().minus(1, ChronoUnit.HOURS);
        return new JcaX509v3CertificateBuilder(
                issuer, BigInteger.valueOf(SERIAL.incrementAndGet()),
                Date.from(now.plus(fromDays, ChronoUnit.DAYS)), Date.from(now.plus(toDays, ChronoUnit.DAYS)),
                subject, keys.getPublic());
    }

    private static GeneralNames alternatives(String... names) {
        var alternatives = new ArrayList<GeneralName>();
        for (var name : names) {
            var isAddress = name.matches("[0-9.]+") || name.contains(":");
            alternatives.add(new GeneralName(isAddress ? GeneralName.iPAddress : GeneralName.dNSName, name));
        }
        return new GeneralNames(alternatives.toArray(GeneralName[]::new));
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException, OperatorCreationException {
        var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(key);
        return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    }

    private static String pem(Object value) {
        var text = new StringWriter();
        try (var writer = new JcaPEMWriter(text)) {
            writer.writeObject(value);
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot write as PEM: " + value.getClass(), failure);
        }
        return text.toString();
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot write " + file, failure);
        }
    }

    private static SSLContext context(@Nullable Identity identity, TrustManager[] trust) {
        try {
            var context = SSLContext.getInstance("TLS");
            if (identity == null) {
                context.init(null, trust, null);
            } else {
                var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
                keys.init(identity.keyStore(), PASSWORD.toCharArray());
                context.init(keys.getKeyManagers(), trust, null);
            }
            return context;
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException("cannot make a TLS context", failure);
        }
    }

    private static TrustManager[] trust(X509Certificate authority) {
        try {
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setCertificateEntry("ca", authority);
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            return trust.getTrustManagers();
        } catch (GeneralSecurityException | IOException failure) {
            throw new IllegalStateException("cannot trust " + authority.getSubjectX500Principal(), failure);
        }
    }

    private record Authority(X500Name name, KeyPair keys, X509Certificate certificate) {}

    /// A key with its certificate chain, as PEM files (`keyFile` is PKCS #8), key store and TLS context.
    public record Identity(
            Path certificateFile,
            Path keyFile,
            PrivateKey key,
            List<X509Certificate> chain,
            X509Certificate trusted) {

        /// PKCS #12 in memory, password [TestCertificates#PASSWORD].
        public KeyStore keyStore() {
            try {
                var store = KeyStore.getInstance("PKCS12");
                store.load(null, null);
                store.setKeyEntry("key", key, PASSWORD.toCharArray(), chain.toArray(X509Certificate[]::new));
                return store;
            } catch (GeneralSecurityException | IOException failure) {
                throw new IllegalStateException("cannot make a key store", failure);
            }
        }

        /// A file with the key in OpenSSL's older form (`BEGIN EC PRIVATE KEY`).
        public Path oldKeyFile() {
            var file = keyFile.resolveSibling(keyFile.getFileName() + ".old");
            try {
                var scalar = ((java.security.interfaces.ECPrivateKey) key).getS();
                var old = new ECPrivateKey(256, scalar, SECObjectIdentifiers.secp256r1);
                write(file, pem(new PemObject("EC PRIVATE KEY", old.getEncoded())));
            } catch (IOException failure) {
                throw new IllegalStateException("cannot write a key", failure);
            }
            return file;
        }

        /// A file with the key encrypted by a pass phrase (PKCS #8).
        public Path encryptedKeyFile(String password) {
            var file = keyFile.resolveSibling(keyFile.getFileName() + ".encrypted");
            try {
                var encryptor = new JceOpenSSLPKCS8EncryptorBuilder(PKCS8Generator.AES_256_CBC)
                        .setProvider(new BouncyCastleProvider())
                        .setPassword(password.toCharArray())
                        .setPRF(PKCS8Generator.PRF_HMACSHA256)
                        .build();
                write(file, pem(new JcaPKCS8Generator(key, encryptor)));
            } catch (IOException | OperatorCreationException failure) {
                throw new IllegalStateException("cannot encrypt a key", failure);
            }
            return file;
        }

        /// For either side of a connection: presents this certificate, trusts the good authority.
        public SSLContext context() {
            return TestCertificates.context(this, trust(trusted));
        }
    }

    /// Accepts every chain and name.
    private static final class TrustsAnybody extends X509ExtendedTrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
