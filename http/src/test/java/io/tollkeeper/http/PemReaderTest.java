package io.tollkeeper.http;

import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.Base64;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// Keys as people keep them.
class PemReaderTest {

    private static Pem pem(String label, byte[] der) {
        return new Pem.Embedded("Bag Attributes\n-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + label + "-----\n");
    }

    @Test
    void keysOfEveryKindAreRead() throws Exception {
        for (String type : new String[] {"RSA", "EC", "Ed25519"}) {
            var key = KeyPairGenerator.getInstance(type).generateKeyPair().getPrivate();
            assertThat(PemReader.key(pem("PRIVATE KEY", key.getEncoded()), null)).isEqualTo(key);
        }
    }

    @Test
    void olderFormOfRsaIsRead() throws Exception {
        for (int bits : new int[] {1024, 2048, 4096}) {
            var generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            var key = generator.generateKeyPair().getPrivate();
            // In PKCS#8 that form is the octet string at the end.
            byte[] pkcs8 = key.getEncoded();
            int start = bits == 1024 ? 22 + 4 : 26;
            byte[] inner = Arrays.copyOfRange(pkcs8, start, pkcs8.length);
            assertThat(PemReader.key(pem("RSA PRIVATE KEY", inner), null)).isEqualTo(key);
        }
    }

    @Test
    void whatIsNoKeyIsToldWithWhatWasExpected() {
        assertThatThrownBy(() -> PemReader.key(new Pem.Embedded("junk"), null))
                .hasMessageContaining("holds no private key").hasMessageContaining("BEGIN PRIVATE KEY");
        assertThatThrownBy(() -> PemReader.key(pem("PRIVATE KEY", new byte[] {1, 2}), null)).hasMessageContaining("is broken");
        assertThatThrownBy(() -> PemReader.key(pem("EC PRIVATE KEY", new byte[] {0x30, 1}), null)).hasMessageContaining("is broken");
        assertThatThrownBy(() -> PemReader.key(
                        new Pem.Embedded("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"), null))
                .hasMessageContaining("openssl pkcs8 -topk8");
        assertThatThrownBy(() -> PemReader.certificates(new Pem.Embedded("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----")))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no base64");
        assertThat(new Pem.Embedded("-----BEGIN PRIVATE KEY-----").toString()).doesNotContain("PRIVATE");
    }
}
