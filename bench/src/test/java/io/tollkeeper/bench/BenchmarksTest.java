package io.tollkeeper.bench;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

import static org.assertj.core.api.Assertions.assertThatCode;

/// Runs the set-up of every benchmark and each of its methods once, so that they are known to work before anybody waits
/// for `bench/run micro`.
class BenchmarksTest {

    static Stream<Class<?>> benchmarks() {
        return Stream.of(AuthorizerBenchmark.class, HeadersBenchmark.class, MappingRulesBenchmark.class,
                UsageCountersBenchmark.class);
    }

    @ParameterizedTest
    @MethodSource("benchmarks")
    void everyBenchmarkRunsOnce(Class<?> type) {
        for (var parameter : firstAndLast(type)) {
            assertThatCode(() -> runOnce(type, parameter)).as("parameter %s", parameter).doesNotThrowAnyException();
        }
    }

    /// The first and last value of the benchmark's one parameter; one empty value if it has none.
    private static List<String> firstAndLast(Class<?> type) {
        var values = new ArrayList<String>();
        for (var field : type.getFields()) {
            var parameter = field.getAnnotation(Param.class);
            if (parameter != null) {
                values.add(parameter.value()[0]);
                values.add(parameter.value()[parameter.value().length - 1]);
            }
        }
        return values.isEmpty() ? List.of("") : values;
    }

    private static void runOnce(Class<?> type, String parameter) throws ReflectiveOperationException {
        var benchmark = type.getDeclaredConstructor().newInstance();
        for (var field : type.getFields()) {
            if (field.isAnnotationPresent(Param.class)) {
                field.set(benchmark, Integer.valueOf(parameter));
            }
        }
        call(benchmark, Setup.class);
        call(benchmark, Benchmark.class);
        call(benchmark, TearDown.class);
    }

    private static void call(Object benchmark, Class<? extends java.lang.annotation.Annotation> what)
            throws ReflectiveOperationException {
        for (Method method : Arrays.stream(benchmark.getClass().getMethods())
                .filter(method -> method.isAnnotationPresent(what)).toList()) {
            method.invoke(benchmark);
        }
    }
}
