package io.tollkeeper.core.usage;

/// What [Usage] must know of a product's metrics; a product of the catalogue is one. Never blocks.
public interface MetricTree {

    /// No metric has this number.
    int NONE = -1;

    /// The number of the metric of this name, case-sensitive, or [#NONE].
    int metricNumber(String name);

    /// The name of the metric of this number, empty if there is none.
    String metricName(int number);

    /// Numbers of the ancestors of a metric, nearest first. Not to be changed.
    int[] ancestors(int number);
}
