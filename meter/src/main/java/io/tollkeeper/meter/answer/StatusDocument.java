package io.tollkeeper.meter.answer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import io.tollkeeper.core.authorize.Call;
import io.tollkeeper.core.catalog.Application;
import io.tollkeeper.core.catalog.Metric;
import io.tollkeeper.core.catalog.PlanLimits;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.usage.Period;
import org.jspecify.annotations.Nullable;

/// The `<status>` document: the answer to an authorization, granted or denied. Written from the facts of a [Call];
/// pure function.
public final class StatusDocument {

    /// What the document shows besides the decision.
    ///
    /// @param application an `oauth_` endpoint was asked: tell id, a key and the redirect address
    /// @param redirectUri the address is called `redirect_uri` instead of `redirect_url`
    /// @param appKeys     extension `list_app_keys`
    /// @param hierarchy   extension `hierarchy`
    public record Parts(boolean application, boolean redirectUri, boolean appKeys, boolean hierarchy) {}

    private static final int LISTED_KEYS = 256;

    private static final byte[] GRANTED =
            Xml.ascii("<?xml version=\"1.0\" encoding=\"UTF-8\"?><status><authorized>true</authorized>");
    private static final byte[] DENIED =
            Xml.ascii("<?xml version=\"1.0\" encoding=\"UTF-8\"?><status><authorized>false</authorized><reason>");
    private static final byte[] REASON_END = Xml.ascii("</reason>");
    private static final byte[] APPLICATION = Xml.ascii("<application><id>");
    private static final byte[] KEY = Xml.ascii("</id><key>");
    private static final byte[] REDIRECT_URL = Xml.ascii("</key><redirect_url>");
    private static final byte[] REDIRECT_URL_END = Xml.ascii("</redirect_url></application>");
    private static final byte[] REDIRECT_URI = Xml.ascii("</key><redirect_uri>");
    private static final byte[] REDIRECT_URI_END = Xml.ascii("</redirect_uri></application>");
    private static final byte[] PLAN = Xml.ascii("<plan>");
    private static final byte[] PLAN_END = Xml.ascii("</plan>");
    private static final byte[] REPORTS = Xml.ascii("<usage_reports>");
    private static final byte[] REPORTS_END = Xml.ascii("</usage_reports>");
    private static final byte[] REPORT = Xml.ascii("<usage_report metric=\"");
    private static final byte[][] PERIODS = new byte[Period.COUNT][];
    private static final byte[] EXCEEDED = Xml.ascii("\" exceeded=\"true");
    private static final byte[] START = Xml.ascii("\"><period_start>");
    private static final byte[] END = Xml.ascii("</period_start><period_end>");
    private static final byte[] MAX = Xml.ascii("</period_end><max_value>");
    private static final byte[] MAX_OF_ETERNITY = Xml.ascii("\"><max_value>");
    private static final byte[] CURRENT = Xml.ascii("</max_value><current_value>");
    private static final byte[] REPORT_END = Xml.ascii("</current_value></usage_report>");
    private static final byte[] APP_KEYS = Xml.ascii("<app_keys app=\"");
    private static final byte[] SERVICE = Xml.ascii("\" svc=\"");
    private static final byte[] TAG_END = Xml.ascii("\">");
    private static final byte[] KEY_ID = Xml.ascii("<key id=\"");
    private static final byte[] EMPTY_TAG_END = Xml.ascii("\"/>");
    private static final byte[] APP_KEYS_END = Xml.ascii("</app_keys>");
    private static final byte[] HIERARCHY = Xml.ascii("<hierarchy>");
    private static final byte[] METRIC = Xml.ascii("<metric name=\"");
    private static final byte[] CHILDREN = Xml.ascii("\" children=\"");
    private static final byte[] HIERARCHY_END = Xml.ascii("</hierarchy>");
    private static final byte[] STATUS_END = Xml.ascii("</status>");

    static {
        for (Period period : Period.values()) {
            PERIODS[period.slot()] = Xml.ascii("\" period=\"" + period.wireName());
        }
    }

    private StatusDocument() {}

    /// Writes the document. `reason` is the text of a denial, none if the call was granted.
    public static byte[] write(
            Xml xml, Product product, Application application, Call call, @Nullable String reason, Parts parts) {
        xml.clear();
        if (reason == null) {
            xml.raw(GRANTED);
        } else {
            xml.raw(DENIED).text(reason).raw(REASON_END);
        }
        if (parts.application) {
            writeApplication(xml, application, parts.redirectUri);
        }
        String plan = application.planName();
        xml.raw(PLAN);
        if (plan != null) {
            xml.text(plan);
        }
        xml.raw(PLAN_END);
        writeReports(xml, product, call);
        if (parts.appKeys) {
            writeKeys(xml, application);
        }
        if (parts.hierarchy) {
            writeHierarchy(xml, product, call.limits());
        }
        return xml.raw(STATUS_END).toBytes();
    }

    private static void writeApplication(Xml xml, Application application, boolean redirectUri) {
        xml.raw(APPLICATION).text(application.id()).raw(KEY);
        if (!application.keys().isEmpty()) {
            xml.text(Collections.min(application.keys()));
        }
        xml.raw(redirectUri ? REDIRECT_URI : REDIRECT_URL);
        String redirect = application.redirectUrl();
        if (redirect != null) {
            xml.text(redirect);
        }
        xml.raw(redirectUri ? REDIRECT_URI_END : REDIRECT_URL_END);
    }

    private static void writeReports(Xml xml, Product product, Call call) {
        PlanLimits limits = call.limits();
        if (limits.size() == 0) {
            return;
        }
        long now = call.now();
        xml.raw(REPORTS);
        for (int i = 0; i < limits.size(); i++) {
            xml.raw(REPORT).attribute(nameOf(product, limits.metric(i))).raw(PERIODS[limits.period(i)]);
            if (call.before(i) > limits.max(i)) {
                xml.raw(EXCEEDED);
            }
            Period period = Period.of(limits.period(i));
            if (period == Period.ETERNITY) {
                xml.raw(MAX_OF_ETERNITY);
            } else {
                xml.raw(START).moment(period.start(now)).raw(END).moment(period.end(now)).raw(MAX);
            }
            xml.number(limits.max(i)).raw(CURRENT).number(call.current(i)).raw(REPORT_END);
        }
        xml.raw(REPORTS_END);
    }

    private static void writeKeys(Xml xml, Application application) {
        List<String> keys = new ArrayList<>(application.keys());
        Collections.sort(keys);
        xml.raw(APP_KEYS)
                .attribute(application.id())
                .raw(SERVICE)
                .attribute(application.productId())
                .raw(TAG_END);
        for (String key : keys.subList(0, Math.min(keys.size(), LISTED_KEYS))) {
            xml.raw(KEY_ID).attribute(key).raw(EMPTY_TAG_END);
        }
        xml.raw(APP_KEYS_END);
    }

    private static void writeHierarchy(Xml xml, Product product, PlanLimits limits) {
        xml.raw(HIERARCHY);
        for (int i = 0; i < limits.size(); i++) {
            int metric = limits.metric(i);
            xml.raw(METRIC).attribute(nameOf(product, metric)).raw(CHILDREN);
            String separator = "";
            for (Metric child : product.children(metric)) {
                xml.attribute(separator).attribute(child.name());
                separator = " ";
            }
            xml.raw(EMPTY_TAG_END);
        }
        xml.raw(HIERARCHY_END);
    }

    private static String nameOf(Product product, int number) {
        Metric metric = product.metricNumbered(number);
        return metric == null ? "" : metric.name();
    }
}
