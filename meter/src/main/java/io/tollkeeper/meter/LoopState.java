package io.tollkeeper.meter;

import io.tollkeeper.http.recorder.LoopRecorder;
import io.tollkeeper.meter.answer.Xml;
import io.tollkeeper.meter.params.Options;
import io.tollkeeper.meter.params.Params;

/// What the connections of one event loop share: memory to read and write with, which is never in use across a wait,
/// and the loop's part of the recorder. On that loop only.
final class LoopState {

    final Params params = new Params();
    final Xml xml = new Xml();
    final LoopRecorder recorder;
    final MeterMetrics metrics = new MeterMetrics();

    private final Params optionParams = new Params();
    private String lastHeader = "";
    private Options lastOptions = Options.NONE;

    LoopState(LoopRecorder recorder) {
        this.recorder = recorder;
    }

    /// Reads a `3scale-options` header. Gateways send the same one with every call.
    Options options(String header) {
        if (!header.equals(lastHeader)) {
            lastOptions = Options.read(header, optionParams);
            lastHeader = header;
        }
        return lastOptions;
    }
}
