//! The values of OTLP JSON that are decoded whole in `resourceLogs` and `resourceMetrics`: log records, data points.

use otel::{AnyValue, ExemplarRow, LogRow};

use crate::messages::{Message, attributes, double_from, int_from, list, value};
use crate::reader::{Reader, Stop};

impl<'de> Message<'de> for LogRow<'de> {
    const NAME: &'static str = "logRecords";

    #[cold]
    #[inline]
    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "timeUnixNano" | "time_unix_nano" => {
                self.time = json.scalar()?.nanos("logRecords.timeUnixNano", json.notes);
            }
            "observedTimeUnixNano" | "observed_time_unix_nano" => {
                self.observed_time = json.scalar()?.nanos("logRecords.observedTimeUnixNano", json.notes);
            }
            "severityNumber" | "severity_number" => self.severity = json.scalar()?.severity(json.notes),
            "severityText" | "severity_text" => {
                self.severity_text = json.scalar()?.text("logRecords.severityText", json.notes);
            }
            "body" => self.body = value(json)?,
            "attributes" => attributes(&mut self.attributes, json)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count =
                    json.scalar()?.u32("logRecords.droppedAttributesCount", json.notes);
            }
            "flags" => self.flags = Some(json.scalar()?.u32("logRecords.flags", json.notes)),
            "traceId" | "trace_id" => {
                self.trace_id = json.scalar()?.trace_id("logRecords.traceId", json.notes);
            }
            "spanId" | "span_id" => self.span_id = json.scalar()?.span_id("logRecords.spanId", json.notes),
            // `name` was the event's name before OTLP 0.9 took it out.
            "eventName" | "event_name" | "name" => {
                self.event_name = json.scalar()?.text("logRecords.eventName", json.notes);
            }
            _ => json.ignore()?,
        }
        Ok(())
    }
}

/// One element of `dataPoints`, of every kind of metric: nothing but its exemplars is asked for.
#[derive(Debug, Default)]
pub struct DataPoint<'de> {
    pub exemplars: Vec<ExemplarRow<'de>>,
}

impl<'de> Message<'de> for DataPoint<'de> {
    const NAME: &'static str = "dataPoints";

    #[cold]
    #[inline]
    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "exemplars" => list(&mut self.exemplars, json),
            _ => json.ignore(),
        }
    }
}

impl<'de> Message<'de> for ExemplarRow<'de> {
    const NAME: &'static str = "exemplars";

    #[cold]
    #[inline]
    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "filteredAttributes" | "filtered_attributes" => attributes(&mut self.filtered_attributes, json)?,
            "timeUnixNano" | "time_unix_nano" => {
                self.time = json.scalar()?.nanos("exemplars.timeUnixNano", json.notes);
            }
            "asDouble" | "as_double" => self.measured(double_from(json.scalar()?, json.notes)),
            "asInt" | "as_int" => self.measured(int_from(json.scalar()?, json.notes)),
            "spanId" | "span_id" => self.span_id = json.scalar()?.span_id("exemplars.spanId", json.notes),
            "traceId" | "trace_id" => {
                self.trace_id = json.scalar()?.trace_id("exemplars.traceId", json.notes);
            }
            _ => json.ignore()?,
        }
        Ok(())
    }
}

trait Measured<'de> {
    fn measured(&mut self, value: AnyValue<'de>);
}

impl<'de> Measured<'de> for ExemplarRow<'de> {
    /// Some printers write every member of the oneof, all but one of them null.
    fn measured(&mut self, value: AnyValue<'de>) {
        if value != AnyValue::Empty {
            self.value = value;
        }
    }
}

/// The metric whose data points are being read. Its name may follow them.
#[derive(Debug, Default)]
pub struct Metric {
    pub name: String,
    pub unit: String,
    /// Where it begins in the input.
    pub offset: u64,
    /// Those that lead to a trace.
    pub exemplars: Vec<ExemplarRow<'static>>,
}

impl Metric {
    /// Takes the text of `name` or `unit`.
    pub fn say(&mut self, field: &str, text: String) {
        let place = if field == "unit" { &mut self.unit } else { &mut self.name };
        *place = text;
    }
}
