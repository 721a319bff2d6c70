//! What stands around log records and data points.

use std::borrow::Cow;

use otel::{ExemplarRow, LogRow, ResourceRef, ScopeRef, SpanSink, WarningKind};

use super::{Broken, Envelope, Frame, Here, Leaf, Place, Step, message};
use crate::signals::{DataPoint, Metric};

impl Envelope {
    /// The member `name` of `frame`, if it belongs to log records or metrics.
    #[cold]
    #[inline(never)]
    pub(super) fn signal(
        &mut self,
        frame: Frame,
        name: &str,
        value: Here<'_>,
        at: usize,
        sink: &mut dyn SpanSink,
    ) -> Option<Step> {
        let (list, element) = match (frame, name) {
            (Frame::Document, "resourceLogs" | "resource_logs" | "resourceMetrics" | "resource_metrics") => {
                self.known = true;
                self.seen.signals = true;
                (Frame::Resources, Frame::Resource)
            }
            (
                Frame::Document | Frame::Resource,
                "scopeLogs"
                | "scope_logs"
                | "scopeMetrics"
                | "scope_metrics"
                | "instrumentationLibraryLogs"
                | "instrumentation_library_logs"
                | "instrumentationLibraryMetrics"
                | "instrumentation_library_metrics",
            ) => {
                // One element on its own is a document, too.
                if let Some(frame) = self.stack.last_mut() {
                    *frame = Frame::Resource;
                }
                self.known = true;
                self.seen.signals = true;
                (Frame::Scopes, Frame::Scope)
            }
            // `logs` is what the first versions called it.
            (Frame::Scope, "logRecords" | "log_records" | "logs") => {
                return Some(self.open_leaves(Frame::Logs, value, at, sink));
            }
            (Frame::Scope, "metrics") => return Some(self.open_leaves(Frame::Metrics, value, at, sink)),
            (
                Frame::Metric,
                "gauge" | "sum" | "histogram" | "exponentialHistogram" | "exponential_histogram",
            ) if value.first == b'{' => {
                self.enter(Frame::Data);
                return Some(Step::Took(at + 1));
            }
            (Frame::Data, "dataPoints" | "data_points") => {
                return Some(self.open_leaves(Frame::Points, value, at, sink));
            }
            _ => return None,
        };
        Some(self.open(list, element, value, at, sink))
    }

    /// One log record.
    #[cold]
    #[inline(never)]
    pub(super) fn log(&mut self, here: Here<'_>, sink: &mut dyn SpanSink) -> Step {
        let mut row = LogRow::default();
        match here.message(&mut row, &mut self.notes) {
            Leaf::Whole(was_object, used) => {
                self.notes.tell(sink, here.offset);
                if was_object {
                    self.tell_log(&row, sink);
                }
                self.place = Place::AfterValue;
                Step::Took(used)
            }
            Leaf::Short => self.again(),
            Leaf::Broken(ahead, why) => {
                self.broken_leaf(here, 0, Broken { ahead, resume: 0, why }, sink, &mut |me, mended, sink| {
                    let mut row = LogRow::default();
                    let read = matches!(message(mended, true, &mut row, &mut me.notes), Leaf::Whole(true, _));
                    if read {
                        me.tell_log(&row, sink);
                    }
                    read
                })
            }
        }
    }

    fn tell_log(&mut self, row: &LogRow<'_>, sink: &mut dyn SpanSink) {
        let (resource, scope) = self.origin(sink);
        sink.log(resource, scope, row);
        self.seen.logs += 1;
    }

    fn origin(&mut self, sink: &mut dyn SpanSink) -> (ResourceRef, ScopeRef) {
        let resource = *self.resource.reference.get_or_insert_with(|| sink.open_resource());
        let scope = *self.scope.reference.get_or_insert_with(|| sink.open_scope());
        (resource, scope)
    }

    /// One element of `metrics`.
    pub(super) fn enter_metric(&mut self, here: Here<'_>) -> Step {
        self.metric = Metric { offset: here.offset, ..Metric::default() };
        self.enter(Frame::Metric)
    }

    /// One data point: of all its figures, only the exemplars lead to spans.
    #[cold]
    #[inline(never)]
    pub(super) fn point(&mut self, here: Here<'_>, sink: &mut dyn SpanSink) -> Step {
        let mut point = DataPoint::default();
        match here.message(&mut point, &mut self.notes) {
            Leaf::Whole(_, used) => {
                self.notes.tell(sink, here.offset);
                let lead = point.exemplars.into_iter().filter(|exemplar| !exemplar.trace_id.is_absent());
                self.metric.exemplars.extend(lead.map(ExemplarRow::into_owned));
                self.place = Place::AfterValue;
                Step::Took(used)
            }
            Leaf::Short => self.again(),
            Leaf::Broken(ahead, why) => {
                self.broken_leaf(here, 0, Broken { ahead, resume: 0, why }, sink, &mut |_, _, _| false)
            }
        }
    }

    /// Only now its name is known for sure.
    #[cold]
    #[inline(never)]
    pub(super) fn close_metric(&mut self, sink: &mut dyn SpanSink) {
        let metric = std::mem::take(&mut self.metric);
        self.seen.metrics += 1;
        if metric.exemplars.is_empty() {
            self.notes.add(
                WarningKind::MetricWithoutExemplar,
                format_args!("metric {:?} has no exemplar that leads to a trace", metric.name),
            );
            self.notes.tell(sink, metric.offset);
            return;
        }
        let (resource, scope) = self.origin(sink);
        for mut exemplar in metric.exemplars {
            exemplar.metric = Cow::Borrowed(&metric.name);
            exemplar.unit = Cow::Borrowed(&metric.unit);
            sink.exemplar(resource, scope, &exemplar);
            self.seen.exemplars += 1;
        }
    }
}
