package io.tollkeeper.core.catalog;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tollkeeper.core.event.AlertBins;
import io.tollkeeper.core.usage.MetricTree;
import org.jspecify.annotations.Nullable;

/// A product compiled for answering: metrics by name, id and number, ancestors, limits per plan. Immutable; replaced
/// as a whole when any part of it changes. Limits of metrics that do not exist are left out.
public final class Product implements MetricTree {

    private static final int[] NO_NUMBERS = new int[0];

    private final ProductSettings settings;
    private final AuthenticationMode mode;
    private final List<Metric> metrics;
    private final Map<String, Metric> byName = new HashMap<>();
    private final Map<String, Metric> byId = new HashMap<>();
    private final @Nullable Metric[] byNumber;
    private final int[][] ancestors;
    private final List<List<Metric>> children;
    private final Map<String, PlanLimits> plans = new HashMap<>();
    private final int alertBins;

    /// A product without alerts.
    public Product(ProductSettings settings, List<Metric> metrics, List<UsageLimit> limits) {
        this(settings, metrics, limits, 0);
    }

    /// Compiles a product. Metrics carry the numbers that the store assigned. A parent that does not exist or leads
    /// back to the metric ends the chain of ancestors. `alertBins` is a mask of enabled [AlertBins].
    public Product(ProductSettings settings, List<Metric> metrics, List<UsageLimit> limits, int alertBins) {
        this.settings = settings;
        this.alertBins = alertBins;
        this.mode = AuthenticationMode.ofBackendVersion(settings.backendVersion());
        this.metrics = metrics.stream().sorted(Comparator.comparing(Metric::id, Product::compareIds)).toList();
        int highest = -1;
        for (Metric metric : this.metrics) {
            byName.put(metric.name(), metric);
            byId.put(metric.id(), metric);
            highest = Math.max(highest, metric.number());
        }
        this.byNumber = new Metric[highest + 1];
        this.ancestors = new int[highest + 1][];
        this.children = new ArrayList<>();
        for (int i = 0; i <= highest; i++) {
            ancestors[i] = NO_NUMBERS;
            children.add(List.of());
        }
        for (Metric metric : this.metrics) {
            byNumber[metric.number()] = metric;
            ancestors[metric.number()] = ancestorsOf(metric);
        }
        for (Metric metric : this.metrics) {
            children.set(metric.number(), childrenOf(metric));
        }
        compilePlans(limits);
    }

    private int[] ancestorsOf(Metric metric) {
        List<Metric> chain = new ArrayList<>();
        Metric at = metric;
        while (at.parentId() != null) {
            Metric parent = byId.get(at.parentId());
            if (parent == null || parent == metric || chain.contains(parent)) {
                break;
            }
            chain.add(parent);
            at = parent;
        }
        return chain.stream().mapToInt(Metric::number).toArray();
    }

    private List<Metric> childrenOf(Metric parent) {
        return metrics.stream().filter(child -> parent.id().equals(child.parentId())).toList();
    }

    private void compilePlans(List<UsageLimit> limits) {
        Map<String, List<UsageLimit>> byPlan = new HashMap<>();
        for (UsageLimit limit : limits) {
            if (byId.containsKey(limit.metricId())) {
                byPlan.computeIfAbsent(limit.planId(), _ -> new ArrayList<>()).add(limit);
            }
        }
        byPlan.forEach((planId, ofPlan) -> {
            ofPlan.sort(Comparator.comparing(UsageLimit::metricId, Product::compareIds)
                    .thenComparing(UsageLimit::period));
            int[] numbers = new int[ofPlan.size()];
            for (int i = 0; i < numbers.length; i++) {
                Metric metric = byId.get(ofPlan.get(i).metricId());
                numbers[i] = metric == null ? Metric.UNNUMBERED : metric.number();
            }
            plans.put(planId, new PlanLimits(ofPlan, numbers));
        });
    }

    /// Numeric ids ascend by value and come before all others.
    static int compareIds(String a, String b) {
        boolean numberA = isNumber(a);
        boolean numberB = isNumber(b);
        if (numberA && numberB) {
            return a.length() != b.length() ? Integer.compare(a.length(), b.length()) : a.compareTo(b);
        }
        return numberA == numberB ? a.compareTo(b) : numberA ? -1 : 1;
    }

    private static boolean isNumber(String id) {
        for (int i = 0; i < id.length(); i++) {
            if (id.charAt(i) < '0' || id.charAt(i) > '9') {
                return false;
            }
        }
        return !id.isEmpty();
    }

    public ProductSettings settings() {
        return settings;
    }

    public int number() {
        return settings.number();
    }

    public String id() {
        return settings.id();
    }

    public AuthenticationMode mode() {
        return mode;
    }

    public boolean isActive() {
        return settings.active();
    }

    /// Mask of the enabled [AlertBins].
    public int alertBins() {
        return alertBins;
    }

    /// All metrics, by id, numeric ids in ascending order first.
    public List<Metric> metrics() {
        return metrics;
    }

    /// The metric of this (system) name, case-sensitive, or none.
    public @Nullable Metric metricNamed(String name) {
        return byName.get(name);
    }

    public @Nullable Metric metricWithId(String id) {
        return byId.get(id);
    }

    /// The metric of this number, or none (deleted metrics leave gaps).
    public @Nullable Metric metricNumbered(int number) {
        return number >= 0 && number < byNumber.length ? byNumber[number] : null;
    }

    @Override
    public int metricNumber(String name) {
        Metric metric = byName.get(name);
        return metric == null ? NONE : metric.number();
    }

    @Override
    public String metricName(int number) {
        Metric metric = metricNumbered(number);
        return metric == null ? "" : metric.name();
    }

    @Override
    public int[] ancestors(int number) {
        return number >= 0 && number < ancestors.length ? ancestors[number] : NO_NUMBERS;
    }

    /// Direct children of a metric.
    public List<Metric> children(int number) {
        return number >= 0 && number < children.size() ? children.get(number) : List.of();
    }

    /// The limits of a plan; [PlanLimits#NONE] if it has none or is not known.
    public PlanLimits limits(@Nullable String planId) {
        PlanLimits limits = planId == null ? null : plans.get(planId);
        return limits == null ? PlanLimits.NONE : limits;
    }
}
