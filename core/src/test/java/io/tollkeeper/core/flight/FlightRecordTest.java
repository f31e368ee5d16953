package io.tollkeeper.core.flight;

import java.lang.reflect.Method;
import java.util.Objects;

import io.tollkeeper.core.reason.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class FlightRecordTest {

    /// Every setter with one argument has a getter of its name: set all, copy, reset.
    @Test
    void aCopyHoldsEveryFieldAndAResetForgetsEveryField() throws ReflectiveOperationException {
        FlightRecord record = new FlightRecord();
        FlightRecord fresh = new FlightRecord();
        int fields = 0;
        for (Method setter : FlightRecord.class.getMethods()) {
            if (setter.getParameterCount() == 1 && hasGetter(setter)) {
                setter.invoke(record, sample(setter.getParameterTypes()[0]));
                fields++;
            }
        }
        assertThat(fields).isGreaterThan(40);
        FlightRecord copy = record.copy();
        record.reset();
        for (Method setter : FlightRecord.class.getMethods()) {
            if (setter.getParameterCount() == 1 && hasGetter(setter)) {
                Method getter = FlightRecord.class.getMethod(setter.getName());
                assertThat(getter.invoke(record)).as("reset of %s", setter.getName()).isEqualTo(getter.invoke(fresh));
                assertThat(getter.invoke(copy)).as("copy of %s", setter.getName()).isNotEqualTo(getter.invoke(fresh));
            }
        }
    }

    @Test
    void listsAreCopiedAndTheFirstReasonStaysPrimary() {
        FlightRecord record = new FlightRecord();
        record.receivedNanos(1_000_000);
        record.stamp(Stage.ROUTED, 3_000_000);
        record.rule(4);
        record.usage("hits", 2);
        record.refuse(Reason.UPSTREAM_REFUSED, "port 1");
        record.refuse(Reason.INTERNAL, "later");
        record.contribute(Reason.DNS_STALE_USED);
        FlightRecord copy = record.copy();
        record.reset();
        assertThat(copy.ruleIndex(0)).isEqualTo(4);
        assertThat(copy.metricName(0)).isEqualTo("hits");
        assertThat(copy.metricAmount(0)).isEqualTo(2);
        assertThat(copy.reason()).isEqualTo(Reason.UPSTREAM_REFUSED);
        assertThat(copy.evidence()).isEqualTo("port 1");
        assertThat(copy.contributing()).containsExactly(Reason.INTERNAL, Reason.DNS_STALE_USED);
        assertThat(copy.microsUntil(Stage.ROUTED)).isEqualTo(2_000);
        assertThat(record.rules() + record.metrics()).isZero();
        assertThat(record.contributing()).isEmpty();
        assertThat(record.microsUntil(Stage.ROUTED)).isEqualTo(-1);
    }

    @Test
    void moreThanCanBeListedIsStillCounted() {
        FlightRecord record = new FlightRecord();
        for (int i = 0; i < 20; i++) {
            record.rule(i);
            record.usage("m" + i, i);
            record.contribute(Reason.INTERNAL);
        }
        assertThat(record.rules()).isEqualTo(20);
        assertThat(record.metrics()).isEqualTo(20);
        assertThat(record.contributing()).hasSize(FlightRecord.LISTED);
        record.reset();
        assertThat(record.copy().metrics()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "/a?user_key=0123456789&x=1, user_key, /a?user_key=012…&x=1",
        "/a?App_Key=0123456789, app_key, /a?App_Key=012…",
        "/a?access_token=abcdef, user_key, /a?access_token=ab…",
        "/a?my=0123456789, my, /a?my=012…",
        "/a?x&user_key&user_key=, user_key, /a?x&user_key&user_key=…",
        "/a, user_key, /a",
        "/a?, user_key, /a?",
        "/a?page=2&sort=asc, user_key, /a?page=2&sort=asc"
    })
    void secretsInAQueryAreShortened(String target, String credentialName, String shown) {
        assertThat(Redaction.target(target, credentialName)).isEqualTo(shown);
    }

    @Test
    void aSecretNeverShowsMoreThanAThirdAndThreeCharacters() {
        assertThat(Redaction.shortened("")).isEqualTo("…");
        assertThat(Redaction.shortened("ab")).isEqualTo("…");
        assertThat(Redaction.shortened("abcdef")).isEqualTo("ab…");
        assertThat(Redaction.shortened("0123456789abcdef")).isEqualTo("012…");
    }

    private static boolean hasGetter(Method setter) {
        for (Method method : FlightRecord.class.getMethods()) {
            if (method.getName().equals(setter.getName())
                    && method.getParameterCount() == 0
                    && method.getReturnType() == setter.getParameterTypes()[0]) {
                return true;
            }
        }
        return false;
    }

    private static Object sample(Class<?> type) {
        if (type == String.class) {
            return "0123456789abcdef";
        }
        if (type == long.class) {
            return 77L;
        }
        if (type == int.class) {
            return 77;
        }
        if (type == boolean.class) {
            return true;
        }
        return Objects.requireNonNull(type.getEnumConstants())[1];
    }
}
